# wrong: bptt_gradient_norms: the norms are clipped at each step
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
    if norm > max_norm:
        scale = max_norm / norm
        return [g * scale for g in grads], norm
    return [g.copy() for g in grads], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    grad = grad_last.copy()
    norms = [np.linalg.norm(grad)]
    for _ in range(steps):
        grad = W_hh.T @ grad
        norms.append(min(np.linalg.norm(grad), 1e6))
    return np.array(norms)
