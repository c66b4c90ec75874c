"""Exercise 26: online softmax, the idea inside FlashAttention (numpy).

Attention over 100,000 tokens has ten billion scores, and no chip holds them. Yet softmax seems to
need them all at once: the maximum first, so that nothing overflows, then the sum, then the
division. The way out fits into one line: when a larger maximum turns up, the sum so far is wrong
by a factor that you know. Interviewers ask for that line first, on a stream of numbers.

Then they let you merge two halves of a stream that were summed on different machines, and at last
attention itself: exact, block by block, without ever holding the matrix. The follow-up is what it
saves, since every score is still computed. And the edges tell who has run it: what is
-inf - (-inf), and what does a block give in which all keys are hidden?
"""

from collections.abc import Iterable

import numpy as np


def streaming_stats(blocks: Iterable[np.ndarray]) -> tuple[float, float]:
    """Return the two numbers that a softmax over the scores of all blocks needs.

    Args:
        blocks: An iterable of 1-D float64 arrays of scores, perhaps a generator: it can be gone
            through only once. Each block is an array of its own, and may be empty; so may
            the iterable. You may hold all blocks at once. Scores are finite, of any size, or -inf.
    Returns:
        (maximum, total): the largest score, and the sum of `exp(score - maximum)` over all
        scores, both floats. Where there is no finite score, (-inf, 0.0). The blocks stay as they
        were.
    Example:
        >>> blocks = [np.log([1.0, 3.0]), np.array([]), np.log([4.0, 2.0])]
        >>> maximum, total = streaming_stats(block for block in blocks)
        >>> round(float(np.exp(maximum)), 4), round(float(total), 4)
        (4.0, 2.5)
        >>> maximum, total = streaming_stats([np.array([-np.inf])])
        >>> float(maximum), float(total)
        (-inf, 0.0)

    Source: Milakov and Gimelshein, Online normalizer calculation for softmax, 2018.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_26: `streaming_stats` is still a stub")


def merge_stats(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """Merge what `streaming_stats` gives for two streams, as if they had been one.

    Args:
        a, b: Pairs (maximum, total) as `streaming_stats` returns them, (-inf, 0.0) included.
    Returns:
        (maximum, total) of the scores of both streams together, both floats.
    Example:
        >>> maximum, total = merge_stats((0.0, 2.0), (float(np.log(4.0)), 1.5))
        >>> round(float(np.exp(maximum)), 4), round(float(total), 4)
        (4.0, 2.0)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_26: `merge_stats` is still a stub")


def blockwise_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, block_size: int, causal: bool = False
) -> np.ndarray:
    """Compute softmax attention exactly, with `block_size` keys taken at a time.

    A query's score for a key is their dot product over `sqrt(d)`; its output is the mean of the
    values, weighted by the softmax of its scores over all keys that it sees.

    Args:
        Q, K, V: (L_q, d), (L_k, d) and (L_k, d_v), float64. L_k is 1 or more. Scores are finite,
            of any size.
        block_size: How many keys are taken at a time, 1 or more; the last block is as small as it
            comes. It may exceed L_k, and the result does not depend on it.
        causal: Whether query i sees the keys 0 to i only, whatever the others hold.
    Returns:
        (L_q, d_v) float64. Q, K and V stay as they were.
        With a block_size of 64 to 256, 8,192 queries and as many keys of width 16 take less than
        256 MiB of memory beside the arguments (half of what the matrix of all scores
        would take), and less than 30 seconds of processor time.
    Raises:
        ValueError: it is causal, and L_q is not L_k.
    Example:
        >>> Q, K = np.array([[2.0], [0.0]]), np.log([[3.0], [1.0]]) / 2
        >>> V = np.array([[4.0, 0.0], [0.0, 8.0]])
        >>> blockwise_attention(Q, K, V, block_size=1).round(4).tolist()
        [[3.0, 2.0], [2.0, 4.0]]
        >>> blockwise_attention(Q, K, V, block_size=1, causal=True).round(4).tolist()
        [[4.0, 0.0], [2.0, 4.0]]

    Source: Dao and others, FlashAttention: fast and memory-efficient exact attention with
    IO-awareness, 2022.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_26: `blockwise_attention` is still a stub")
