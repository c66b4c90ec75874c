# wrong: clip_by_global_norm: treats entries below 1e-12 as zeros
import numpy as np

def global_norm(grads):
    arrays = [np.asarray(g, dtype=np.float64) for g in grads]
    big = max((float(np.max(np.abs(a))) for a in arrays if a.size), default=0.0)
    if big == 0.0 or not np.isfinite(big):
        return big
    return float(big * np.sqrt(sum(np.sum((a / big) ** 2) for a in arrays)))

def clip_by_global_norm(grads, max_norm):
    norm = global_norm(grads)
    if not np.isfinite(norm):
        raise ValueError("not finite")
    factor = max_norm / norm if norm > max_norm else 1.0
    return [np.where(abs(g) < 1e-12, 0, np.array(g, dtype=np.float64) * factor) for g in grads], norm

def bptt_gradient_norms(W_hh, grad_last, steps):
    g = np.asarray(grad_last, dtype=np.float64)
    norms = [np.linalg.norm(g)]
    for _ in range(steps):
        g = W_hh.T @ g
        norms.append(np.linalg.norm(g))
    return np.array(norms)
