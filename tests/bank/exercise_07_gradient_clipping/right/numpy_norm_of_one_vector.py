# right: everything put into one long vector; the factor by division
import numpy as np


def global_norm(grads):
    return np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))


def clip_by_global_norm(grads, max_norm):
    flat = np.concatenate([np.ravel(g) for g in grads])
    norm = np.linalg.norm(flat)
    if np.isnan(norm) or np.isinf(norm):
        raise ValueError(norm)
    flat = flat / max(1.0, norm / max_norm)
    pieces = np.split(flat, np.cumsum([g.size for g in grads])[:-1])
    return [piece.reshape(g.shape) for piece, g in zip(pieces, grads)], norm


def bptt_gradient_norms(W_hh, grad_last, steps):
    powers = [np.linalg.matrix_power(W_hh, k) for k in range(steps + 1)]
    return np.linalg.norm(np.stack([grad_last @ power for power in powers]), axis=1)
