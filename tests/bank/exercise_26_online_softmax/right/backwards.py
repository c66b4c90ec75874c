import functools

import numpy as np


def streaming_stats(blocks):
    """Last block first."""
    return functools.reduce(merge_stats, [one(b) for b in list(blocks)[::-1]], (-np.inf, 0.0))


def one(block):
    with np.errstate(invalid="ignore"):
        top = np.max(block, initial=-np.inf)
        total = np.nansum(np.exp(block - top))
    return (top, total) if top > -np.inf else (-np.inf, 0.0)


def merge_stats(a, b):
    with np.errstate(invalid="ignore"):
        top = np.maximum(a[0], b[0])
        shares = np.nan_to_num(np.exp(np.array([a[0] - top, b[0] - top])))
    total = shares[0] * a[1] + shares[1] * b[1]
    return float(top), float(total)


def blockwise_attention(Q, K, V, block_size, causal=False):
    n, d = Q.shape
    if causal and n != len(K):
        raise ValueError("n")
    parts = []
    for stop in range(len(K), 0, -block_size):
        start = max(stop - block_size, 0)
        S = np.einsum("id,jd->ij", Q, K[start:stop]) / np.sqrt(d)
        if causal:
            S[np.arange(n)[:, None] < np.arange(start, stop)] = -np.inf
        top = S.max(1)
        safe = np.where(top > -np.inf, top, 0)
        P = np.exp(S - safe[:, None])
        parts.append((top, P.sum(1), P @ V[start:stop]))
        if len(parts) > 1:
            (m1, l1, o1), (m2, l2, o2) = parts
            m = np.maximum(m1, m2)
            ref = np.where(m > -np.inf, m, 0)
            s1, s2 = np.exp(m1 - ref), np.exp(m2 - ref)
            parts = [(m, l1 * s1 + l2 * s2, o1 * s1[:, None] + o2 * s2[:, None])]
    return parts[0][2] / parts[0][1][:, None]
