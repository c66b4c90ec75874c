import math

import numpy as np


def sinusoidal_encoding(length, d_model):
    if d_model % 2:
        raise ValueError("odd")

    def entry(pos, column):
        angle = pos * math.exp(-math.log(10000) * (column - column % 2) / d_model)
        return math.sin(angle + (math.pi / 2 if column % 2 else 0.0))

    return np.fromfunction(np.vectorize(entry, otypes=[float]), (length, d_model))


def apply_rope(x, positions, base=10000.0):
    if x.shape[-1] % 2:
        raise ValueError("odd")
    if x.ndim > 2:
        return np.stack([apply_rope(part, positions, base) for part in x])
    L, D = x.shape
    out = x.astype(np.float64, copy=True)
    for i in range(D // 2):
        angle = positions / base ** (2 * i / D)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        out[:, 2 * i : 2 * i + 2] = np.einsum("abl,lb->la", turn, x[:, 2 * i : 2 * i + 2])
    return out


def alibi_bias(num_heads, length):
    bias = np.zeros((num_heads, length, length))
    for h in range(num_heads):
        for back in range(length):
            bias[h] -= 2 ** (-(8 / num_heads) * (h + 1)) * back * np.eye(length, k=-back)
    return bias + np.triu(np.full((length, length), -np.inf), 1)
