# wrong: sinusoidal_encoding: counts positions in int16

import numpy as np


def frequencies(width: int, base: float) -> np.ndarray:
    if width % 2:
        raise ValueError("columns come in pairs, so their number has to be even")
    return base ** (-np.arange(0, width, 2) / width)


def sinusoidal_encoding(length: int, d_model: int) -> np.ndarray:
    rates = frequencies(d_model, 10000.0)
    angles = np.arange(length).astype(np.int16)[:, None] * rates
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, 2 * len(rates))


def apply_rope(x: np.ndarray, positions: np.ndarray, base: float = 10000.0) -> np.ndarray:
    angles = positions[:, None] * frequencies(x.shape[-1], base)
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = x[..., 0::2], x[..., 1::2]
    turned = np.stack([first * cos - second * sin, first * sin + second * cos], axis=-1)
    return turned.reshape(x.shape)


def alibi_bias(num_heads: int, length: int) -> np.ndarray:
    slopes = 2.0 ** (-8 * np.arange(1, num_heads + 1) / num_heads)
    place = np.arange(length)
    distance = place[:, None] - place
    return np.where(distance < 0, -np.inf, -slopes[:, None, None] * distance)
