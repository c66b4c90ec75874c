# wrong: speculative_step: accepts all or nothing
import numpy as np


def residual_distribution(p, q):
    left = np.maximum(p - q, 0)
    total = left.sum()
    if total == 0:
        return p.copy()
    return left / total


def speculative_step(draft, p, q, rng):
    said = []
    ratios = [p[i, int(t)] / q[i, int(t)] for i, t in enumerate(draft)]
    if rng.random() < np.prod(np.minimum(ratios, 1)):
        return [int(t) for t in draft] + [int(rng.choice(p.shape[1], p=p[-1]))]
    for i in range(len(draft)):
        token = int(draft[i])
        ratio = p[i, token] / q[i, token]
        if ratio >= 1 and i + 1 < len(draft):
            said.append(token)
        else:
            left = np.maximum(p[i] - q[i], 0)
            left = left if left.any() else p[i]
            said.append(int(rng.choice(len(left), p=left / left.sum())))
            return said
    said.append(int(rng.choice(p.shape[1], p=p[len(draft)])))
    return said


def acceptance_rate(p, q):
    return float(np.minimum(p, q).sum())


def expected_tokens(rate, k):
    return float(sum(rate**i for i in range(k + 1)))
