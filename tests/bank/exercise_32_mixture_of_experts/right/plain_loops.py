import math

import numpy as np


def route(logits, k):
    T, E = len(logits), len(logits[0])
    if not (isinstance(k, (int, np.integer)) and 1 <= k <= E):
        raise ValueError(k)
    experts, weights = [], []
    for row in logits.tolist():
        left = list(range(E))
        own = []
        for _ in range(k):
            best = left[0]
            for e in left[1:]:
                if row[e] > row[best]:
                    best = e
            own.append(best)
            left.remove(best)
        top = row[own[0]]
        exps = [math.exp(row[e] - top) for e in own]
        experts.append(own)
        weights.append([e / sum(exps) for e in exps])
    return np.array(experts), np.array(weights)


def load_balancing_loss(logits, experts):
    T, E = logits.shape
    counts = [0] * E
    for row in experts:
        for e in row:
            counts[e] += 1
    total = 0.0
    for e in range(E):
        mean = 0.0
        for row in logits:
            top = max(row)
            mean += math.exp(row[e] - top) / sum(math.exp(v - top) for v in row) / T
        total += counts[e] / sum(counts) * mean
    return E * total


def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    out = np.zeros_like(x)
    for e in range(len(networks)):
        mine = [(c, t) for c in range(k) for t in range(len(x)) if experts[t, c] == e]
        if capacity is not None:
            mine = mine[:capacity]
        if mine:
            rows = networks[e](np.stack([x[t] for _, t in mine]))
            for (c, t), row in zip(mine, rows):
                out[t] = out[t] + weights[t, c] * row
    return out
