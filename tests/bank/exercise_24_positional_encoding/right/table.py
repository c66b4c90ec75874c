import numpy as np


def sinusoidal_encoding(length, d_model):
    return _table(0, length, d_model, 10000.0).reshape(length, d_model)


def _table(low, count, width, base):
    if width & 1:
        raise ValueError(width)
    k = np.arange(width >> 1)
    angle = np.multiply.outer(np.arange(low, low + count), np.power(float(base), -(2.0 * k) / width))
    return np.dstack([np.sin(angle), np.cos(angle)])


def apply_rope(x, positions, base=10000.0):
    low, high = int(positions.min()), int(positions.max())
    table = _table(low, high - low + 1, x.shape[-1], base)[positions.astype(int) - low]
    sin, cos = table[..., 0], table[..., 1]
    pairs = x.reshape(x.shape[:-1] + (-1, 2))
    swapped = pairs[..., ::-1] * np.array([-1.0, 1.0])
    return (pairs * cos[..., None] + swapped * sin[..., None]).reshape(x.shape)


def alibi_bias(num_heads, length):
    grid = np.indices((num_heads, length, length))
    h, q, k = grid
    out = 2.0 ** (-8 * (h + 1) / num_heads) * (k - q)
    out[k > q] = float("-inf")
    return out
