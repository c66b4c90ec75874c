# right: plain Python over every entry, and a list for the pair
import math

import numpy as np


def global_norm(grads):
    total = 0.0
    for g in grads:
        for value in g.flat:
            total += float(value) * float(value)
    return total**0.5


def clip_by_global_norm(grads, max_norm):
    norm = global_norm(grads)
    if not math.isfinite(norm):
        raise ValueError("not finite")
    factor = 1.0
    if norm > max_norm:
        factor = max_norm / norm
    clipped = []
    for g in grads:
        new = np.empty(g.shape)
        for index in np.ndindex(g.shape):
            new[index] = g[index] * factor
        clipped.append(new)
    return [clipped, norm]


def bptt_gradient_norms(W_hh, grad_last, steps):
    size = len(grad_last)
    grad = [float(v) for v in grad_last]
    norms = []
    for _ in range(steps + 1):
        norms.append(math.sqrt(sum(v * v for v in grad)))
        grad = [sum(W_hh[i, j] * grad[i] for i in range(size)) for j in range(size)]
    return np.array(norms)
