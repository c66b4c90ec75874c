import heapq
from fractions import Fraction
import numpy as np
from scipy.special import softmax, log_softmax


def route(logits, k):
    T, E = logits.shape
    if k <= 0 or k >= E + 1:
        raise ValueError(f"bad k {k}")
    experts = np.array([heapq.nsmallest(k, range(E), key=lambda e: (-row[e], e)) for row in logits], dtype=np.int8)
    return experts, softmax(logits[np.arange(T)[:, None], experts], axis=1)


def load_balancing_loss(logits, experts):
    E = logits.shape[1]
    n = experts.size
    share = {e: Fraction(int((experts == e).sum()), n) for e in range(E)}
    P = np.exp(log_softmax(logits, axis=1)).sum(0) / len(logits)
    return sum(float(E * share[e]) * float(P[e]) for e in range(E))


def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    room = np.full(len(networks), np.iinfo(int).max if capacity is None else capacity)
    table = np.full((k, len(x)), -1)
    for c in range(k):
        for t, e in enumerate(experts[:, c]):
            if room[e]:
                room[e] -= 1
                table[c, t] = e
    result = np.zeros(x.shape, dtype=np.float64, order="F")
    for e in np.unique(table[table >= 0]):
        c, t = np.nonzero(table == e)
        order = np.argsort(t)[::-1]
        c, t = c[order], t[order]
        y = networks[e](np.asfortranarray(x[t]))
        result[t] = result[t] + y * weights[t, c].reshape(-1, 1)
    return result
