import numpy as np


def streaming_stats(blocks):
    it = iter(blocks)
    stats = None
    while True:
        try:
            block = next(it)
        except StopIteration:
            return stats if stats else (float("-inf"), 0.0)
        block = np.sort(block)[::-1]
        block = block[np.isfinite(block)]
        if not len(block):
            continue
        mine = (float(block[0]), float(np.exp(block - block[0]).sum()))
        stats = merge_stats(stats, mine) if stats else mine


def merge_stats(a, b):
    if np.isinf(a[0]) and np.isinf(b[0]):
        return a
    m = np.fmax(a[0], b[0])
    weights = np.exp(np.array([a[0], b[0]]) - m)
    return np.float64(m), np.float64(weights @ np.array([a[1], b[1]]))


def blockwise_attention(Q, K, V, block_size, causal=False):
    n = len(Q)
    if causal and n != len(K):
        raise ValueError
    out = []
    for i in range(n):
        q = Q[i] / np.sqrt(Q.shape[1])
        m, total, acc = -np.inf, 0.0, np.zeros(V.shape[1])
        limit = i + 1 if causal else len(K)
        for s in range(0, limit, block_size):
            e = min(s + block_size, limit)
            scores = K[s:e] @ q
            new = max(m, scores.max())
            w = np.exp(scores - new)
            scale = np.exp(m - new)
            total = total * scale + w.sum()
            acc = acc * scale + w @ V[s:e]
            m = new
        out.append(acc / total)
    return np.array(out)
