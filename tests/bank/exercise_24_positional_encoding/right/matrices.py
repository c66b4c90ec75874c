import numpy as np


def sinusoidal_encoding(length, d_model):
    if d_model % 2:
        raise ValueError
    columns = np.arange(d_model)
    angles = np.arange(length)[:, np.newaxis] / 10000.0 ** (columns // 2 * 2 / d_model)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


def rotation(position, D, base):
    matrix = np.zeros((D, D))
    for i in range(0, D, 2):
        angle = position * base ** (-i / D)
        c, s = np.cos(angle), np.sin(angle)
        matrix[i : i + 2, i : i + 2] = [[c, -s], [s, c]]
    return matrix


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2:
        raise ValueError
    turns = np.stack([rotation(int(p), D, base) for p in positions])
    return np.einsum("lij,...lj->...li", turns, x)


def alibi_bias(num_heads, length):
    row = np.arange(length, dtype=float)
    heads = []
    for h in range(1, num_heads + 1):
        bias = 2.0 ** (-8 * h / num_heads) * np.minimum(row - row[:, None], 0.0)
        heads.append(bias + np.where(row > row[:, None], -np.inf, 0.0))
    return np.stack(heads)
