# wrong: alibi_bias: keeps distances in int8, which ends at 127

import numpy as np


def frequencies(width: int, base: float) -> np.ndarray:
    """Return the angle by which each pair of columns turns from one position to the next."""
    if width % 2:
        raise ValueError("columns come in pairs, so their number has to be even")
    return base ** (-np.arange(0, width, 2) / width)  # (width/2,), from 1 downwards


def sinusoidal_encoding(length: int, d_model: int) -> np.ndarray:
    """Return (length, d_model): sines in the even columns, cosines in the odd ones."""
    rates = frequencies(d_model, 10000.0)  # (d_model/2,)
    angles = np.arange(length)[:, None] * rates  # (length, d_model/2)
    # The new last axis holds a sine and its cosine; flattening it puts them side by side.
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, 2 * len(rates))


def apply_rope(x: np.ndarray, positions: np.ndarray, base: float = 10000.0) -> np.ndarray:
    """Return x, (..., L, D), with each pair of neighbouring columns turned by its angle."""
    angles = positions[:, None] * frequencies(x.shape[-1], base)  # (L, D/2)
    cos, sin = np.cos(angles), np.sin(angles)  # leading axes of x broadcast over both
    first, second = x[..., 0::2], x[..., 1::2]  # (..., L, D/2)
    turned = np.stack([first * cos - second * sin, first * sin + second * cos], axis=-1)
    return turned.reshape(x.shape)


def alibi_bias(num_heads: int, length: int) -> np.ndarray:
    """Return (num_heads, length, length): what is added to the scores of each head."""
    slopes = 2.0 ** (-8 * np.arange(1, num_heads + 1) / num_heads)  # (H,), the steepest first
    place = np.arange(length)
    distance = place[:, None] - place  # (query, key): negative where the key comes after
    hidden = distance < 0
    return np.where(hidden, -np.inf, -slopes[:, None, None] * distance.astype(np.int8))
