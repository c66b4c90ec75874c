# wrong: clip_by_global_norm: measures with the largest entry, not its size: the sign turns round
import numpy as np


def global_norm(grads):
    return float(np.sqrt(sum(np.sum(g**2) for g in grads)))


def _norm(grads):
    largest = max((float(g.max()) for g in grads if g.size), default=0.0)
    if largest == 0:
        return 0.0
    return largest * float(np.sqrt(sum(np.sum((g / largest) ** 2) for g in grads)))


def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads)
    if not np.isfinite(norm):
        raise ValueError("gradient norm is not finite")
    if norm > max_norm:
        scale = max_norm / norm
        return [g * scale for g in grads], norm
    return [g.copy() for g in grads], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    grad = grad_last.copy()
    norms = [np.linalg.norm(grad)]
    for _ in range(steps):
        grad = W_hh.T @ grad
        norms.append(np.linalg.norm(grad))
    return np.array(norms)
