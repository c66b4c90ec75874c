import numpy as np

LOG2E = np.log2(np.e)


def streaming_stats(blocks):
    top, parts = -np.inf, []
    for block in blocks:
        for chunk in np.array_split(np.asarray(block, dtype=np.float64).ravel(), 3):
            if chunk.size and chunk.max() > -np.inf:
                parts.append((chunk.max(), np.exp2((chunk - chunk.max()) * LOG2E).sum()))
    if parts:
        top = max(m for m, _ in parts)
    return [top, float(sum(s * np.exp2((m - top) * LOG2E) for m, s in reversed(parts)))]


def merge_stats(a, b):
    a, b = sorted((tuple(a), tuple(b)), reverse=True)
    if b[1] == 0:
        return [a[0], a[1]]
    return [a[0], a[1] + b[1] * 2.0 ** ((b[0] - a[0]) * LOG2E)]


def blockwise_attention(Q, K, V, block_size, causal=False):
    if causal and Q.shape[0] != K.shape[0]:
        raise ValueError("square only")
    scaled = Q * (LOG2E / np.sqrt(Q.shape[1]))
    m = np.full(len(Q), -np.inf)
    acc = np.zeros((len(Q), V.shape[1] + 1))
    ones = np.hstack([V, np.ones((len(V), 1))])
    for s in range(0, len(K), block_size):
        S = scaled @ K[s : s + block_size].T
        if causal:
            S = np.where(np.arange(len(Q))[:, None] < np.arange(s, s + S.shape[1]), -np.inf, S)
        new = np.maximum(m, S.max(1))
        acc = acc * np.exp2(m - new)[:, None] + np.exp2(S - new[:, None]) @ ones[s : s + block_size]
        m = new
    return acc[:, :-1] / acc[:, -1:]
