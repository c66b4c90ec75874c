# wrong: bptt_gradient_norms: reads the weights as they lie in memory
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

    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in grads], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    W_hh = W_hh.ravel(order="K").reshape(W_hh.shape)
    grad = grad_last.copy()
    norms = [np.linalg.norm(grad)]
    for _ in range(steps):
        grad = W_hh.T @ grad
        norms.append(np.linalg.norm(grad))
    return np.array(norms)
