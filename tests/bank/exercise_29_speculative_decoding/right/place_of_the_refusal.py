import numpy as np


def residual_distribution(p, q):
    left = np.clip(p - q, 0, None)
    norm = np.linalg.norm(left, 1)
    return left / norm if norm > 1e-7 else np.copy(p)


def pick(weights, rng):
    cumulative = np.cumsum(weights)
    return int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))


def speculative_step(draft, p, q, rng):
    draft = [int(t) for t in draft]
    k = len(draft)
    ratios = np.array([min(1.0, p[i, t] / q[i, t]) for i, t in enumerate(draft)])
    # the place of the first refusal, from its distribution
    accepted_before = np.concatenate([[1.0], np.cumprod(ratios)])
    chances = np.append(accepted_before[:-1] * (1 - ratios), accepted_before[-1])
    n = pick(chances, rng)
    last = p[k] if n == k else residual_distribution(p[n], q[n])
    return draft[:n] + [pick(last, rng)]


def acceptance_rate(p, q):
    return float(p[p < q].sum() + q[p >= q].sum())


def expected_tokens(rate, k):
    rate = float(rate)
    if rate == 1.0:
        return 1.0 + k
    if rate == 0.0:
        return 1.0
    return float(-np.expm1((k + 1) * np.log(rate)) / (1 - rate))
