import numpy as np
from scipy.linalg import block_diag, expm, toeplitz


def sinusoidal_encoding(length, d_model):
    if d_model % 2:
        raise ValueError("odd")
    rates = 10000.0 ** (-np.arange(0, d_model, 2, dtype=np.longdouble) / d_model)
    angles = np.arange(length, dtype=np.longdouble)[:, None] * rates
    both = np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float64)
    order = np.arange(d_model).reshape(2, -1).T.ravel()
    return both[:, order]


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2:
        raise ValueError("odd")
    out = np.zeros(x.shape)
    rates = base ** (-np.arange(0, D, 2) / D)
    for row, p in enumerate(positions):
        angles = np.remainder(float(p) * rates, 2 * np.pi)
        turn = block_diag(*(expm(np.array([[0, -a], [a, 0]])) for a in angles))
        out[..., row, :] = x[..., row, :] @ turn.T
    return out


def alibi_bias(num_heads, length):
    distance = toeplitz(np.arange(length, dtype=float), np.r_[0.0, np.full(length - 1, np.inf)])
    return -np.logspace(-8 / num_heads, -8, num_heads, base=2)[:, None, None] * distance
