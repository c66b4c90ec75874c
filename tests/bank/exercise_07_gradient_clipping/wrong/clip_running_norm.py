# wrong: clip_by_global_norm: clips by a running average of the norms
import numpy as np


def global_norm(grads):
    total = 0.0
    for g in grads:
        total += np.sum(g**2)
    return float(np.sqrt(total))


_average = None


def clip_by_global_norm(grads, max_norm):
    global _average
    norm = float(np.sqrt(sum(np.sum(g**2) for g in grads)))
    if not np.isfinite(norm):
        raise ValueError("gradient norm is not finite")
    _average = norm if _average is None else 0.9 * _average + 0.1 * norm
    scale = max_norm / _average if _average > max_norm else 1.0
    return [g * scale for g in grads], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    grad = grad_last.copy()
    norms = [np.linalg.norm(grad)]
    for _ in range(steps):
        grad = W_hh.T @ grad
        norms.append(np.linalg.norm(grad))
    return np.array(norms)
