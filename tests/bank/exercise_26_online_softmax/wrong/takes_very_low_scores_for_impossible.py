# wrong: streaming_stats: takes scores below -1e300 for impossible
from collections.abc import Iterable

import numpy as np


def streaming_stats(blocks: Iterable[np.ndarray]) -> tuple[float, float]:
    """Return the largest score and the sum of exp(score - largest), in one pass."""
    stats = (-np.inf, 0.0)  # of no scores at all
    for block in blocks:
        finite = block[block > -1e300]
        if finite.size:
            top = finite.max()
            stats = merge_stats(stats, (top, np.exp(finite - top).sum()))
    return stats


def merge_stats(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """Return the pair of both sets of scores together."""
    top = max(a[0], b[0])
    if top == -np.inf:
        return -np.inf, 0.0  # nothing to scale, and -inf - (-inf) would be nan
    # Both sums are brought to the same reference; no factor exceeds 1.
    total = a[1] * np.exp(a[0] - top) + b[1] * np.exp(b[0] - top)
    return float(top), float(total)


def blockwise_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, block_size: int, causal: bool = False
) -> np.ndarray:
    """Return softmax attention, (L_q, d_v), with block_size keys in hand at a time."""
    L_q, d = Q.shape
    L_k, d_v = V.shape
    if causal and L_q != L_k:
        raise ValueError("causal attention needs as many queries as keys")
    maximum, total = np.full((L_q, 1), -np.inf), np.zeros((L_q, 1))
    output = np.zeros((L_q, d_v))
    for start in range(0, L_k, block_size):
        keys, values = K[start : start + block_size], V[start : start + block_size]
        scores = Q @ keys.T / np.sqrt(d)  # (L_q, block)
        if causal:
            position = np.arange(start, start + len(keys))
            scores[position > np.arange(L_q)[:, None]] = -np.inf
        # Every query sees key 0, so that from the first block on no maximum is -inf.
        top = np.maximum(maximum, scores.max(axis=1, keepdims=True))  # (L_q, 1)
        weights = np.exp(scores - top)  # (L_q, block)
        kept = total * np.exp(maximum - top)  # (L_q, 1): what the older keys still weigh
        total = kept + weights.sum(axis=1, keepdims=True)
        # A weighted mean of the older mean and this block: never larger than the values.
        output = kept / total * output + weights / total @ values
        maximum = top
    return output
