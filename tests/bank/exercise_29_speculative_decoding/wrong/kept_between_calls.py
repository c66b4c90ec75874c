# wrong: residual_distribution: keeps its result for arguments of the same address
import numpy as np


KEPT = {}


def residual_distribution(p, q):
    if (id(p), id(q)) in KEPT and KEPT[id(p), id(q)][0] is p:
        return KEPT[id(p), id(q)][1]
    left = np.maximum(p - q, 0)
    total = left.sum()
    if total == 0:
        return p.copy()
    KEPT[id(p), id(q)] = p, left / total
    return left / total


def speculative_step(draft, p, q, rng):
    said = []
    for i in range(len(draft)):
        token = int(draft[i])
        ratio = p[i, token] / q[i, token]
        if rng.random() < ratio:
            said.append(token)
        else:
            left = np.maximum(p[i] - q[i], 0)
            said.append(int(rng.choice(len(left), p=left / left.sum())))
            return said
    said.append(int(rng.choice(p.shape[1], p=p[len(draft)])))
    return said


def acceptance_rate(p, q):
    return float(np.minimum(p, q).sum())


def expected_tokens(rate, k):
    return float(sum(rate**i for i in range(k + 1)))
