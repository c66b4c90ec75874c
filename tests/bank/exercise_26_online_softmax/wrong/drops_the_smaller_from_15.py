# wrong: merge_stats: drops the smaller pair where the maxima are 15 apart
import numpy as np


def streaming_stats(blocks):
    m, t = -np.inf, 0.0
    for b in blocks:
        b = np.asarray(b, dtype=np.float64)
        if b.size == 0:
            continue
        n = max(m, float(b.max()))
        if n == -np.inf:
            continue
        t = t * float(np.exp(m - n)) + float(np.exp(b - n).sum())
        m = n
    return float(m), float(t)


def merge_stats(a, b):
    m = max(a[0], b[0])
    if abs(a[0] - b[0]) > 15:
        return max(a, b)
    if m == -np.inf:
        return -np.inf, 0.0
    return float(m), float(a[1] * np.exp(a[0] - m) + b[1] * np.exp(b[0] - m))


def blockwise_attention(Q, K, V, block_size, causal=False):
    Lq, d = Q.shape
    Lk = K.shape[0]
    if causal and Lq != Lk:
        raise ValueError("lengths")
    m = np.full(Lq, -np.inf)
    t = np.zeros(Lq)
    out = np.zeros((Lq, V.shape[1]))
    for start in range(0, Lk, block_size):
        k = K[start : start + block_size]
        v = V[start : start + block_size]
        s = Q @ k.T / np.sqrt(d)
        if causal:
            hidden = np.arange(start, start + len(k))[None, :] > np.arange(Lq)[:, None]
            s = np.where(hidden, -np.inf, s)
        new = np.maximum(m, s.max(axis=1))
        safe = np.where(np.isinf(new), 0.0, new)
        scale = np.exp(m - safe)
        w = np.exp(s - safe[:, None])
        t = t * scale + w.sum(axis=1)
        out = out * scale[:, None] + w @ v
        m = new
    return out / t[:, None]
