# wrong: clip_by_global_norm: adds an epsilon of 1e-3 to the norm, so the result is too short
import numpy as np


def global_norm(grads):
    total = 0.0
    for g in grads:
        total += np.sum(g**2)
    return float(np.sqrt(total))


def clip_by_global_norm(grads, max_norm):
    norm = float(np.sqrt(sum(np.sum(g**2) for g in grads)))
    if not np.isfinite(norm):
        raise ValueError("gradient norm is not finite")

    scale = min(1.0, max_norm / (norm + 1e-3))
    return [g * scale for g in grads], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    grad = grad_last.copy()
    norms = [np.linalg.norm(grad)]
    for _ in range(steps):
        grad = W_hh.T @ grad
        norms.append(np.linalg.norm(grad))
    return np.array(norms)
