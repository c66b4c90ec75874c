# wrong: clip_by_global_norm: asks whether the entries are finite, not the norm
import numpy as np

def global_norm(grads):
    total = sum(float(np.sum(g ** 2)) for g in grads)
    return float(np.sqrt(total))

def _n(grads):
    return float(np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))) if grads else 0.0

def clip_by_global_norm(grads, max_norm):
    norm = _n(grads)
    if any(not np.isfinite(g).all() for g in grads):
        raise ValueError("norm")
    if norm <= max_norm:
        return [g.copy() for g in grads], norm
    s = max_norm / norm
    return [g * s for g in grads], norm

def bptt_gradient_norms(W_hh, grad_last, steps):
    g = grad_last.copy()
    norms = [np.linalg.norm(g)]
    for _ in range(steps):
        g = W_hh.T @ g
        norms.append(np.linalg.norm(g))
    return np.array(norms)
