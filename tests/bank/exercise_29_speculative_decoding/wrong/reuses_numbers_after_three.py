# wrong: speculative_step: the fourth token is accepted by the first one's random number
"""All uniforms are drawn at once, inverse cdf by searchsorted."""
import numpy as np


def residual_distribution(p, q):
    gap = np.subtract(p, q).clip(min=0.0)
    mass = gap.sum()
    return gap / mass if mass > 1e-9 else np.array(p, dtype=np.float64)


def speculative_step(draft, p, q, rng):
    k = len(draft)
    u = rng.random(k + 1); u[3:k] = u[:max(k - 3, 0)]
    d = np.asarray(draft, dtype=int)
    i = np.arange(k)
    ok = u[:k] * q[i, d] < p[i, d]
    n = int(np.argmin(np.append(ok, False)))
    tail = residual_distribution(p[n], q[n]) if n < k else p[k]
    cdf = np.cumsum(tail)
    extra = int(np.searchsorted(cdf, u[k] * cdf[-1], side="right"))
    return d[:n].tolist() + [min(extra, len(tail) - 1)]


def acceptance_rate(p, q):
    return float(np.minimum(p, q).sum())


def expected_tokens(rate, k):
    if rate == 1:
        return float(k + 1)
    return (1 - rate ** (k + 1)) / (1 - rate)
