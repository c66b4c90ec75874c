import math

import numpy as np


def streaming_stats(blocks):
    largest, total = -math.inf, 0.0
    for block in blocks:
        for score in block:
            score = float(score)
            if score == -math.inf:
                continue
            if score > largest:
                total = total * math.exp(largest - score) + 1.0
                largest = score
            else:
                total += math.exp(score - largest)
    return largest, total


def merge_stats(a, b):
    if a[1] == 0.0:
        return b
    if b[1] == 0.0:
        return a
    if a[0] < b[0]:
        a, b = b, a
    return a[0], a[1] + b[1] * math.exp(b[0] - a[0])


def blockwise_attention(Q, K, V, block_size, causal=False):
    if causal and len(Q) != len(K):
        raise ValueError("lengths differ")
    out = np.empty((len(Q), V.shape[1]))
    for i, query in enumerate(Q):
        seen = i + 1 if causal else len(K)
        scores = K[:seen] @ query / math.sqrt(len(query))
        weights = np.exp(scores - scores.max())
        out[i] = weights @ V[:seen] / weights.sum()
    return out
