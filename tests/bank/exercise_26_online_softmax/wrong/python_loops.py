# wrong: blockwise_attention: loops over queries and keys in Python
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
    out = np.zeros((len(Q), V.shape[1]))
    for i in range(len(Q)):
        top, total = -np.inf, 0.0
        for j in range(i + 1 if causal else len(K)):
            score = Q[i] @ K[j] / np.sqrt(Q.shape[1])
            new = max(top, score)
            scale, weight = np.exp(top - new), np.exp(score - new)
            total = total * scale + weight
            out[i] = out[i] * scale + weight * V[j]
            top = new
        out[i] /= total
    return out
