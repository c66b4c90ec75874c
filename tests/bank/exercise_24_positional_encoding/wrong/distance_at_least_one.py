# wrong: alibi_bias: uses a distance of at least one, also from a query to itself
import numpy as np


def sinusoidal_encoding(length, d_model):
    if d_model % 2 != 0:
        raise ValueError("d_model has to be even")
    pos = np.arange(length)[:, None]
    angles = pos / 10000 ** (np.arange(0, d_model, 2) / d_model)
    out = np.zeros((length, d_model))
    out[:, 0::2] = np.sin(angles)
    out[:, 1::2] = np.cos(angles)
    return out


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2 != 0:
        raise ValueError("D has to be even")
    theta = base ** (-np.arange(0, D, 2) / D)
    angle = positions[:, None] * theta
    cos, sin = np.cos(angle), np.sin(angle)
    a, b = x[..., 0::2], x[..., 1::2]
    out = np.empty(x.shape)
    out[..., 0::2] = a * cos - b * sin
    out[..., 1::2] = a * sin + b * cos
    return out


def alibi_bias(num_heads, length):
    slopes = 2.0 ** (-8.0 * (np.arange(num_heads) + 1) / num_heads)
    i = np.arange(length)
    distance = i[:, None] - i[None, :]
    bias = -slopes[:, None, None] * np.maximum(distance, 1)
    return np.where(distance >= 0, bias, -np.inf)
