# wrong: route: marks experts that are taken with -1e9
import numpy as np
from dataclasses import dataclass
@dataclass
class Expert:
    net: object
    capacity: float
    tokens: list
    weights: list
    def offer(self, t, w):
        if len(self.tokens) < self.capacity:
            self.tokens += [t]; self.weights += [w]
    def into(self, out, x):
        if self.tokens:
            out[np.array(self.tokens)] += np.asarray(self.weights).reshape(-1, 1) * self.net(x[self.tokens, :])
def softmax(z):
    z = np.array(z, dtype=np.float64)
    z -= z.max(-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(-1, keepdims=True)
    return z
def route(logits, k):
    n = logits.shape[1]
    if k <= 0 or k > n: raise ValueError('bad k')
    left = np.array(logits, dtype=float)
    experts = np.empty((len(left), k), dtype=np.uint8)
    for c in range(k):
        e = left.argmax(axis=1)
        experts[:, c] = e
        left[np.arange(len(left)), e] = -1e9
    return experts, softmax(np.take_along_axis(logits, experts.astype(int), axis=1))
def load_balancing_loss(logits, experts):
    n = logits.shape[1]
    p = softmax(logits)
    return np.float64(n * np.mean([np.mean(p[:, int(e)]) for e in np.ravel(experts)]))
def moe_forward(x, logits, networks, k, capacity=None):
    experts, weights = route(logits, k)
    pool = [Expert(f, np.inf if capacity is None else capacity, [], []) for f in networks]
    for c in range(k):
        for t in range(x.shape[0]):
            pool[experts[t, c]].offer(t, weights[t, c])
    out = np.zeros_like(x, dtype=float)
    for member in pool: member.into(out, x)
    return out
