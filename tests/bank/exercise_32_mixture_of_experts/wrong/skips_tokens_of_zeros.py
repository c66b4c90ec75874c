# wrong: moe_forward: treats tokens of zeros as padding
import numpy as np


def route(logits, k):
    T, E = logits.shape
    if k < 1 or k > E:
        raise ValueError("k is not from 1 to E")
    experts = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    chosen = np.take_along_axis(logits, experts, axis=1)
    weights = np.exp(chosen - chosen.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return experts, weights


def load_balancing_loss(logits, experts):
    T, E = logits.shape
    f = np.bincount(experts.ravel(), minlength=E) / experts.size
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    P = (e / e.sum(axis=1, keepdims=True)).mean(axis=0)
    return float(E * (f * P).sum())


def moe_forward(x, logits, networks, k, capacity=None):
    order = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(logits, order, axis=1)
    gates = np.exp(best - best[:, :1])
    gates /= gates.sum(axis=1, keepdims=True)
    kept = [[] for _ in networks]
    for choice in range(k):
        for t in range(len(x)):
            i = order[t, choice]
            if not x[t].any():
                continue
            if capacity is None or len(kept[i]) < capacity:
                kept[i].append((t, choice))
    out = np.zeros(x.shape)
    for i, network in enumerate(networks):
        if not kept[i]:
            continue
        tokens = [t for t, _ in kept[i]]
        result = network(x[tokens])
        for row, (t, choice) in zip(result, kept[i]):
            out[t] += gates[t, choice] * row
    return out
