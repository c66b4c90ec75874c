from collections import Counter

import numpy as np


class Expert:
    def __init__(self, network, room):
        self.network, self.room = network, room
        self.tokens, self.weights = [], []

    def offer(self, token, weight):
        if len(self.tokens) < self.room:
            self.tokens.append(token)
            self.weights.append(weight)

    def add_to(self, out, x):
        if self.tokens:
            rows = np.asarray(self.network(x[np.array(self.tokens)]))
            out[np.array(self.tokens)] += np.array(self.weights)[:, None] * rows


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def route(logits, k):
    if k < 1 or k > logits.shape[1]:
        raise ValueError("no such k")
    pairs = []
    for row in logits:
        own = sorted(enumerate(row), key=lambda pair: pair[1], reverse=True)[:k]
        pairs.append(([e for e, _ in own], softmax(np.array([z for _, z in own]))))
    return np.array([e for e, _ in pairs], dtype=np.uint8), np.array([w for _, w in pairs])


def load_balancing_loss(logits, experts):
    E = logits.shape[1]
    counts = Counter(experts.ravel().tolist())
    P = np.mean([softmax(row) for row in logits], axis=0)
    return sum(E * n / experts.size * P[e] for e, n in counts.items())


def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    crowd = [Expert(n, float("inf") if capacity is None else capacity) for n in networks]
    for c in range(k):
        for t in range(x.shape[0]):
            crowd[experts[t, c]].offer(t, weights[t, c])
    out = np.zeros(x.shape)
    for expert in crowd:
        expert.add_to(out, x)
    return out
