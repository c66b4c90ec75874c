import numpy as np


def residual_distribution(p, q):
    overlap = np.minimum(p, q)
    rest = p - overlap
    weight = rest.sum()
    return np.array(p, copy=True) if not rest.any() else rest / weight


def speculative_step(draft, p, q, rng):
    if len(draft) == 0:
        return [rng.multinomial(1, p[0] / p[0].sum()).argmax()]
    first, *others = draft
    if rng.binomial(1, min(1.0, p[0, first] / q[0, first])):
        return [first] + speculative_step(others, p[1:], q[1:], rng)
    return [rng.multinomial(1, residual_distribution(p[0], q[0])).argmax()]


def acceptance_rate(p, q):
    return np.float64((p + q - abs(p - q)).sum() / 2)


def expected_tokens(rate, k):
    return 1.0 if k == 0 else 1.0 + rate * expected_tokens(rate, k - 1)
