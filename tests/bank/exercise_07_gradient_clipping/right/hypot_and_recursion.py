# right: hypot folded over all entries, which cannot overflow; recursion through time
import math
from functools import reduce

import numpy as np


def global_norm(grads):
    return reduce(math.hypot, (math.hypot(*g.ravel().tolist()) for g in grads), 0.0)


def clip_by_global_norm(grads, max_norm):
    norm = math.hypot(*(v for g in grads for v in g.ravel().tolist()))
    if any(not np.all(np.isfinite(g)) for g in grads) or math.isinf(norm):
        raise ValueError("NaN or infinity among the gradients")
    factor = max_norm / max(norm, max_norm)
    return list(map(lambda g: np.multiply(g, factor), grads)), norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    here = np.array([math.hypot(*grad_last)])
    if steps == 0:
        return here
    return np.concatenate([here, bptt_gradient_norms(W_hh, grad_last @ W_hh, steps - 1)])
