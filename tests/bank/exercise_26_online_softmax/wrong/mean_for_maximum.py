# wrong: blockwise_attention: subtracts the mean of the scores, not the maximum
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
    L_q, d = Q.shape
    L_k = K.shape[0]
    if causal and L_q != L_k:
        raise ValueError("as many queries as keys")
    maximum = np.full((L_q, 1), -np.inf)
    total = np.zeros((L_q, 1))
    out = np.zeros((L_q, V.shape[1]))
    for start in range(0, L_k, block_size):
        stop = min(start + block_size, L_k)
        scores = Q @ K[start:stop].T / np.sqrt(d)
        if causal:
            hidden = np.arange(start, stop)[None, :] > np.arange(L_q)[:, None]
            scores = np.where(hidden, -np.inf, scores)
        own = np.where(np.isfinite(scores), scores, 0.0).mean(axis=1, keepdims=True)
        top = np.where(np.isfinite(maximum), maximum, own)
        scale = np.exp(maximum - top)
        weights = np.exp(scores - top)
        total = total * scale + weights.sum(axis=1, keepdims=True)
        out = out * scale + weights @ V[start:stop]
        maximum = top
    return out / total
