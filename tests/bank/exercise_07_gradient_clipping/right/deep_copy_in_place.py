# right: scales in place, on a deep copy; norms collected column by column
import copy

import numpy as np
from scipy import linalg


def global_norm(grads):
    return float(linalg.norm([linalg.norm(g.ravel()) for g in grads]))


def clip_by_global_norm(grads, max_norm):
    norm = np.float64(np.sqrt(np.sum([np.square(g).sum() for g in grads])))
    if not np.isfinite(norm):
        raise ValueError(f"norm {norm}")
    clipped = copy.deepcopy(grads)
    if norm >= max_norm:
        for g in clipped:
            g /= norm
            g *= max_norm
    return clipped, norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    grads = np.zeros((len(grad_last), steps + 1))
    grads[:, 0] = grad_last
    for k in range(steps):
        grads[:, k + 1] = grads[:, k] @ W_hh
    return np.sqrt((grads * grads).sum(axis=0))
