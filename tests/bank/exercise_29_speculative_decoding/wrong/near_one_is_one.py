# wrong: expected_tokens: takes rates a little below 1 for 1
import numpy as np


def residual_distribution(p, q):
    left = np.maximum(p - q, 0)
    total = left.sum()
    if total == 0:
        return p.copy()
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
    if rate > 0.98:
        return float(k + 1)
    return float(sum(rate**i for i in range(k + 1)))
