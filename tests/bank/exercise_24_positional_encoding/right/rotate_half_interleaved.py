import numpy as np


class Table:
    def __init__(self, positions, D, base):
        if D % 2:
            raise ValueError("an odd number of columns")
        inverse = 1.0 / (base ** (np.arange(0, D, 2) / D))
        angles = np.einsum("l,d->ld", np.asarray(positions, dtype=np.float64), inverse)
        self.cos = np.repeat(np.cos(angles), 2, axis=-1)
        self.sin = np.repeat(np.sin(angles), 2, axis=-1)


def rotate_half(x):
    pairs = x.reshape(*x.shape[:-1], -1, 2)
    return np.stack([-pairs[..., 1], pairs[..., 0]], axis=-1).reshape(x.shape)


def sinusoidal_encoding(length, d_model):
    table = Table(range(length), d_model, 10000.0)
    out = table.sin.copy()
    out[:, 1::2] = table.cos[:, 1::2]
    return out


def apply_rope(x, positions, base=10000.0):
    table = Table(positions, x.shape[-1], base)
    return x * table.cos + rotate_half(x) * table.sin


def alibi_bias(num_heads, length):
    slope = 1.0
    ratio = 0.5 ** (8 / num_heads)
    distance = np.tril(np.arange(length)[:, None] - np.arange(length))
    mask = np.where(np.tri(length, dtype=bool), 0.0, -np.inf)
    out = np.empty((num_heads, length, length))
    for h in range(num_heads):
        slope *= ratio
        out[h] = mask - slope * distance
    return out
