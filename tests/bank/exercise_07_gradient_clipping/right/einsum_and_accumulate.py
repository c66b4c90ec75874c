# right: einsum, itertools.accumulate, an additional argument with a default; an epsilon that is relative
from itertools import accumulate, repeat

import numpy as np


def global_norm(grads, order=2):
    return sum(np.sum(np.abs(g) ** order) for g in grads) ** (1 / order)


def clip_by_global_norm(grads, max_norm, eps=1e-6):
    norm = np.sqrt(np.sum([np.vdot(g, g) for g in grads]))
    if not norm < np.inf:
        raise ValueError("gradients exploded")
    factor = np.minimum(1.0, max_norm / (norm * (1 + eps) + 1e-300))
    return [np.array(g) * factor for g in grads], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    def one_step_back(g, W):
        return np.einsum("ij,i->j", W, g)

    back = accumulate(repeat(W_hh, steps), one_step_back, initial=grad_last)
    return np.sqrt([np.dot(g, g) for g in back])
