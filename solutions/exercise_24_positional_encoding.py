"""Attention is a weighted sum, and a sum knows no order: permute the tokens, and the outputs are
permuted, nothing more. So the position has to be put in. There are three classic ways.

Sinusoids add to each token a vector of clock hands: a fast one, slower ones, and the slowest turns
once in 60,000 positions. A shift by k is a rotation of every hand, the same for all positions, so
relative distance is there for a linear map to find; but it is mixed into the content.

RoPE does the rotation itself, on queries and keys. Each pair of columns is a point in the plane and
is turned by position times a frequency. Turning both by the same angle leaves the dot product as it
was, so a score depends on the distance only: nothing is added, and lengths are kept. Two layouts
are in use: neighbouring columns, as in the paper and here, and first half against second half.
Both are fine, but weights trained with one are noise in the other, and nothing crashes.

ALiBi takes the distance off the score, with a slope for each head, from 2**(-8/H), which looks
nearby, to 2**-8, which looks far. It has nothing to learn, and goes on working for texts longer
than those of training. Future keys get -inf. I choose it with `where`: 0 times inf would be nan.

Details: angles in float64, because at position 100,000 float32 is out by several thousandths of a
radian. And positions are an argument, not arange: with a key-value cache the first new token
stands at 5,000, and packed or left-padded batches begin anywhere.

Follow-ups: longer contexts by a larger base or by squeezing positions; values are not turned; and
with RoPE the cache may hold turned keys.
"""

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
    return np.where(distance < 0, -np.inf, -slopes[:, None, None] * distance)
