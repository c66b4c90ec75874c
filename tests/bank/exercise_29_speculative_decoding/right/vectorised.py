import numpy as np


def residual_distribution(p, q):
    if np.array_equal(p, q):
        return np.array(p)
    left = (p - q).clip(min=0)
    return left / np.sum(left)


def speculative_step(draft, p, q, rng):
    draft = np.asarray(draft)
    k = len(draft)
    rows = np.arange(k)
    accepted = rng.random(k) <= np.minimum(1.0, p[rows, draft] / q[rows, draft])
    accepted &= p[rows, draft] > 0
    n = k if accepted.all() else int(np.argmin(accepted))
    last = p[k] if n == k else residual_distribution(p[n], q[n])
    return list(draft[:n]) + [rng.choice(np.arange(p.shape[1]), p=last)]


def acceptance_rate(p, q):
    return 1 - np.abs(p - q).sum() / 2


def expected_tokens(rate, k):
    if rate == 1.0:
        return k + 1.0
    return (1 - rate ** (k + 1)) / (1 - rate)
