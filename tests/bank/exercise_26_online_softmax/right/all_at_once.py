import numpy as np
from scipy.special import softmax


def streaming_stats(blocks):
    scores = np.concatenate([np.zeros(0), *blocks])
    scores = scores[np.isfinite(scores)]
    if not scores.size:
        return -np.inf, 0.0
    return scores.max(), np.exp(scores - scores.max()).sum()


def merge_stats(a, b):
    (low, few), (high, many) = sorted([a, b])
    return (high, many) if few == 0 else (high, many + few * np.exp(low - high))


def blockwise_attention(Q, K, V, block_size, causal=False):
    if causal and Q.shape[0] != K.shape[0]:
        raise ValueError("lengths differ")
    rows = []
    for start in range(0, Q.shape[0], 512):
        scores = Q[start : start + 512] @ K.T / np.sqrt(Q.shape[1])
        if causal:
            scores[~np.tri(*scores.shape, start, dtype=bool)] = -np.inf
        rows.append(softmax(scores, axis=1) @ V)
    return np.vstack(rows)
