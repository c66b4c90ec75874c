# wrong: blockwise_attention: computes the whole matrix of scores
import numpy as np


def streaming_stats(blocks):
    maximum, total = -np.inf, 0.0
    for block in blocks:
        if len(block) == 0:
            continue
        top = max(maximum, float(np.max(block)))
        if top == -np.inf:
            continue
        total = total * np.exp(maximum - top) + np.sum(np.exp(block - top))
        maximum = top
    return float(maximum), float(total)


def merge_stats(a, b):
    top = max(a[0], b[0])
    if top == -np.inf:
        return -np.inf, 0.0
    total = a[1] * np.exp(a[0] - top) + b[1] * np.exp(b[0] - top)
    return float(top), float(total)


def blockwise_attention(Q, K, V, block_size, causal=False):
    if causal and len(Q) != len(K):
        raise ValueError("as many queries as keys")
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    if causal:
        scores = np.where(np.tri(len(Q), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights @ V / weights.sum(axis=1, keepdims=True)
