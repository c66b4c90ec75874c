from decimal import Decimal

import numpy as np


def streaming_stats(blocks):
    scores = [float(s) for b in blocks for s in b if s != float("-inf")]
    if not scores:
        return float("-inf"), 0.0
    top = max(scores)
    return top, float(np.sum([np.exp(np.longdouble(s) - np.longdouble(top)) for s in scores]))


def merge_stats(a, b):
    top = max(a[0], b[0])
    if top == float("-inf"):
        return top, 0.0

    def share(pair):
        gap = pair[0] - top
        return Decimal(pair[1]) * Decimal(gap).exp() if gap > -2000 else Decimal(0)

    return top, float(share(a) + share(b))


def blockwise_attention(Q, K, V, block_size, causal=False):
    n, d = Q.shape
    if causal and n != len(K):
        raise ValueError("x")
    mask = np.tri(n, len(K), dtype=bool) if causal else np.ones((n, len(K)), dtype=bool)
    m = np.full((n, 1), -np.inf)
    l = np.zeros((n, 1))
    o = np.zeros((n, V.shape[1]))
    for j in range(-(-len(K) // block_size)):
        sl = slice(j * block_size, (j + 1) * block_size)
        products = Q @ K[sl].T
        scaled = products / d**0.5
        masked = np.where(mask[:, sl], scaled, -np.inf)
        own = np.max(masked, axis=1, keepdims=True)
        m_new = np.maximum(m, own)
        shifted = masked - m_new
        weights = np.exp(shifted)
        alpha = np.exp(m - m_new)
        part = weights @ V[sl]
        l_new = l * alpha + weights.sum(axis=1, keepdims=True)
        o = (o * (l * alpha) + part) / l_new
        m, l = m_new, l_new
    return o
