import numpy as np


def streaming_stats(blocks):
    top = -np.inf
    seen = []
    for block in blocks:
        seen.extend(block.tolist())
        top = max([top, *block.tolist()])
    total = float(sum(np.exp(np.array([s for s in seen if s > -np.inf]) - top)))
    return top, total


def merge_stats(a, b):
    pairs = [p for p in (a, b) if p[0] != -np.inf] or [(-np.inf, 0.0)]
    top = max(p[0] for p in pairs)
    return top, sum(p[1] * np.exp(p[0] - top) if p[1] else 0.0 for p in pairs)


def blockwise_attention(Q, K, V, block_size, causal=False):
    # Two passes: the maxima first, then the sums.
    n, d = Q.shape
    if causal and n != K.shape[0]:
        raise ValueError("n")
    where = np.arange(n)[:, None]

    def blocks():
        for start in range(0, K.shape[0], block_size):
            scores = np.dot(Q, K[start : start + block_size].T) / np.sqrt(d)
            if causal:
                scores[np.arange(start, start + scores.shape[1]) > where] = -np.inf
            yield scores, V[start : start + block_size]

    top = np.full((n, 1), -np.inf)
    for scores, _ in blocks():
        top = np.maximum(top, scores.max(axis=1, keepdims=True))
    total, out = np.zeros((n, 1)), np.zeros((n, V.shape[1]))
    for scores, values in blocks():
        weights = np.exp(scores - top)
        total += weights.sum(axis=1, keepdims=True)
        out += weights @ values
    return out / total
