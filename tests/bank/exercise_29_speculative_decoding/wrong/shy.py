# wrong: speculative_step: accepts each token a tenth less often
import numpy as np


def residual_distribution(p, q):
    gap = np.maximum(0.0, p - q)
    total = gap.sum()
    if total == 0:
        return p.copy()
    return gap / total


def speculative_step(draft, p, q, rng):
    out = []
    for i, t in enumerate(draft):
        if rng.random() < min(1.0, 0.9 * p[i, t] / q[i, t]):
            out.append(int(t))
        else:
            r = residual_distribution(p[i], q[i])
            out.append(int(rng.choice(len(r), p=r)))
            return out
    last = p[len(draft)]
    out.append(int(rng.choice(len(last), p=last / last.sum())))
    return out


def acceptance_rate(p, q):
    return float(np.minimum(p, q).sum())


def expected_tokens(rate, k):
    return float(sum(rate**i for i in range(k + 1)))
