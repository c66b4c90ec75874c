import numpy as np


def streaming_stats(blocks):
    blocks = list(blocks)
    if not blocks:
        return (-np.inf, 0.0)
    if len(blocks) > 1:
        middle = len(blocks) // 2
        return merge_stats(streaming_stats(blocks[:middle]), streaming_stats(blocks[middle:]))
    top = np.max(blocks[0], initial=-np.inf)
    if np.isneginf(top):
        return (-np.inf, 0.0)
    return (float(top), float(np.exp(blocks[0] - top).sum()))


def merge_stats(a, b):
    (m, s), (n, t) = a, b
    if m == n:
        return (m, s + t)
    return (m, s + t * np.exp(n - m)) if m > n else (n, t + s * np.exp(m - n))


def partial(Q, K, V, start, stop, size, causal):
    if stop - start <= size:
        scores = Q @ K[start:stop].T
        scores /= np.sqrt(Q.shape[1])
        if causal:
            scores = np.where(np.arange(len(Q))[:, None] >= np.arange(start, stop), scores, -np.inf)
        top = scores.max(axis=1, keepdims=True)
        weights = np.exp(scores - np.where(top == -np.inf, 0.0, top))
        return top, weights.sum(axis=1, keepdims=True), weights @ V[start:stop]
    middle = start + size * max(1, (stop - start) // size // 2)
    top_a, sum_a, out_a = partial(Q, K, V, start, middle, size, causal)
    top_b, sum_b, out_b = partial(Q, K, V, middle, stop, size, causal)
    top = np.maximum(top_a, top_b)
    safe = np.where(top == -np.inf, 0.0, top)
    a, b = np.exp(top_a - safe), np.exp(top_b - safe)
    return top, a * sum_a + b * sum_b, a * out_a + b * out_b


def blockwise_attention(Q, K, V, block_size, causal=False):
    if causal and len(Q) != len(K):
        raise ValueError("causal needs equal lengths")
    _, total, out = partial(Q, K, V, 0, len(K), block_size, causal)
    return out / total
