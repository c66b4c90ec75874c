import numpy as np


def sinusoidal_encoding(length, d_model):
    if d_model & 1:
        raise ValueError("d_model is odd")
    rates = np.exp(-np.log(10000.0) * np.arange(0, d_model, 2) / d_model)
    # exp(i (pi/2 - angle)) = sin + i cos, seen as pairs of floats.
    return (1j * np.exp(-1j * np.outer(np.arange(length), rates))).view(np.float64)


def apply_rope(x, positions, base=10000.0):
    *lead, L, D = x.shape
    if D & 1:
        raise ValueError("D is odd")
    points = np.ascontiguousarray(x).view(np.complex128)
    turn = np.exp(1j * np.multiply.outer(positions, base ** (-2 * np.arange(D // 2) / D)))
    return (points * turn).view(np.float64)


def alibi_bias(num_heads, length):
    slopes = np.exp2(-8 / num_heads) ** np.arange(1, num_heads + 1)
    steps = np.subtract.outer(np.arange(length), np.arange(length)).astype(float)
    bias = np.multiply.outer(-slopes, steps)
    bias[:, np.triu(np.ones((length, length), dtype=bool), 1)] = -np.inf
    return bias
