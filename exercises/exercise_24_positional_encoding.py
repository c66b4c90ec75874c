"""Exercise 24: where a token stands: sinusoids, RoPE and ALiBi (numpy).

Without positions, a transformer reads "dog bites man" and "man bites dog" as the same bag of words.
Three ways to tell them apart are asked about: add a pattern of waves (the first transformer), turn
queries and keys by an angle (Llama and most since), or make distant keys pay (ALiBi). Each is five
lines, and in each a wrong line runs without a murmur: pairs of the wrong columns, a turn the wrong
way, a frequency too many. The model then trains a little worse, and nobody knows why.

The follow-up is about generation: the new token is number 5,000 of its text, and your function
sees it alone. Which position do you turn it by? And what happens beyond the length of training?

In this exercise length, d_model, L and D are 1 or more.
"""

import numpy as np


def sinusoidal_encoding(length: int, d_model: int) -> np.ndarray:
    """Return the encodings of the positions 0 to `length` - 1.

    Column 2i holds `sin(pos / 10000**(2i / d_model))`, and column 2i + 1 the cosine of the same
    angle, for i from 0 to d_model/2 - 1.

    Args:
        length: The number of positions.
        d_model: The number of columns.
    Returns:
        (length, d_model) float64.
    Raises:
        ValueError: d_model is odd.
    Example:
        >>> sinusoidal_encoding(2, 4).round(4).tolist()
        [[0.0, 1.0, 0.0, 1.0], [0.8415, 0.5403, 0.01, 1.0]]

    Source: Vaswani and others, Attention Is All You Need, 2017, section 3.5.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_24: `sinusoidal_encoding` is still a stub")


def apply_rope(x: np.ndarray, positions: np.ndarray, base: float = 10000.0) -> np.ndarray:
    """Turn each pair of neighbouring columns by an angle that grows with the position.

    The columns (2i, 2i + 1) of a row are the coordinates of a point in the plane. It is turned by
    the angle `position * base**(-2i / D)`, from the first axis towards the second: (1, 0) turned
    by a quarter of a circle is (0, 1).

    Args:
        x: (..., L, D) float64, queries or keys, with any number of leading axes, none included.
        positions: (L,), an integer array: the position of each row, the same for all leading
            axes. Any values up to 100,000 in absolute value: negative, repeated and unordered
            ones too.
        base: Positive.
    Returns:
        Shaped like x, float64. x and positions stay as they were.
    Raises:
        ValueError: D is odd.
    Example:
        >>> x = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 2.0, 0.0, 2.0]])
        >>> apply_rope(x, np.array([1, -1])).round(4).tolist()
        [[0.5403, 0.8415, 1.0, 0.01], [1.6829, 1.0806, 0.02, 1.9999]]

    Source: Su and others, RoFormer: enhanced transformer with rotary position embedding, 2021.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_24: `apply_rope` is still a stub")


def alibi_bias(num_heads: int, length: int) -> np.ndarray:
    """Return what ALiBi adds to the attention scores of each head, before the softmax.

    Head h (from 0) has the slope `2**(-8 * (h + 1) / num_heads)`, whether or not num_heads is a
    power of two. The bias is `-slope * (query - key)` where the key is not after the query, and
    -inf where it is.

    Args:
        num_heads: The number of heads, 1 or more.
        length: The number of queries and of keys.
    Returns:
        (num_heads, length, length) float64: heads, queries, keys.
    Example:
        >>> bias = alibi_bias(2, 3)
        >>> bias[:, 2, :2].tolist()
        [[-0.125, -0.0625], [-0.0078125, -0.00390625]]
        >>> bias[0, 0].tolist()[1:]
        [-inf, -inf]

    Source: Press, Smith and Lewis, Train Short, Test Long, 2022.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_24: `alibi_bias` is still a stub")
