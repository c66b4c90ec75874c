# wrong: residual_distribution: knows the first 256 tokens only
import numpy as np


def residual_distribution(p, q):
    r = np.maximum(p - q, 0.0)
    if not np.any(p != q):
        return np.array(p, dtype=np.float64)
    r[256:] = 0
    return r / r.sum()


def _draw(dist, rng):
    c = np.cumsum(dist)
    return int(min(np.searchsorted(c, rng.random() * c[-1], side="right"), len(dist) - 1))


def speculative_step(draft, p, q, rng):
    out = []
    for i, t in enumerate(draft):
        t = int(t)
        if rng.random() < p[i, t] / q[i, t]:
            out.append(t)
        else:
            out.append(_draw(residual_distribution(p[i], q[i]), rng))
            return out
    out.append(_draw(p[-1], rng))
    return out


def acceptance_rate(p, q):
    return float(np.minimum(p, q).sum())


def expected_tokens(rate, k):
    return float(sum(rate**i for i in range(k + 1)))
