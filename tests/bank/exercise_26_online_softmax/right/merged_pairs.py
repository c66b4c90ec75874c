from functools import reduce

import numpy as np


def stats_of(block):
    finite = [s for s in block if s != -np.inf]
    if not finite:
        return [-np.inf, 0.0]
    top = max(finite)
    return [top, sum(np.exp(s - top) for s in finite)]


def streaming_stats(blocks):
    return tuple(reduce(merge_stats, map(stats_of, blocks), (-np.inf, 0.0)))


def merge_stats(a, b):
    top = np.maximum(a[0], b[0])
    total = 0.0
    for maximum, sum_ in (a, b):
        if np.isfinite(maximum):
            total += sum_ * np.exp(maximum - top)
    return np.float64(top), np.float64(total)


def blockwise_attention(Q, K, V, block_size, causal=False):
    n, d = Q.shape
    m = K.shape[0]
    if causal and n != m:
        raise ValueError("causal")
    top, total, out = np.full(n, -np.inf), np.zeros(n), np.zeros((n, V.shape[1]))
    for start in range(0, m, block_size):
        block = slice(start, start + block_size)
        # Queries before the block see none of it.
        rows = slice(start, None) if causal else slice(None)
        scores = (Q[rows] / np.sqrt(d)) @ K[block].T
        if causal:
            width = scores.shape[1]
            scores[:width][np.triu_indices(width, 1)] = -np.inf
        new = np.maximum(top[rows], scores.max(1))
        old = np.exp(top[rows] - new)
        weights = np.exp(scores - new[:, None])
        total[rows] = total[rows] * old + weights.sum(1)
        out[rows] = out[rows] * old[:, None] + weights @ V[block]
        top[rows] = new
    return out / total[:, None]
