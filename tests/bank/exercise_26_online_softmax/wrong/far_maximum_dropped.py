# wrong: merge_stats: takes only the larger pair where the maxima are not close
import numpy as np

from scipy.special import logsumexp, softmax
import math
def streaming_stats(blocks):
    parts = [np.asarray(b, float) for b in blocks]
    a = np.concatenate(parts) if parts else np.array([])
    m = a.max(initial=-math.inf)
    if m == -math.inf: return (-math.inf, 0.0)
    return m.item(), float(np.exp(a - m).sum())
def merge_stats(a, b):
    (ma, ta), (mb, tb) = sorted((a, b), reverse=True)
    return (float(ma), float(ta)) if mb == -math.inf or ma - mb > 8 else (float(ma), ta + tb * math.exp(mb - ma))
def blockwise_attention(Q, K, V, block_size, causal=False):
    if causal and len(Q) != len(K): raise ValueError
    out = np.empty((len(Q), V.shape[1]))
    for s in range(0, len(Q), 64):
        q = Q[s:s + 64]
        z = q @ K.T / math.sqrt(Q.shape[1])
        if causal: z[np.arange(len(K)) > np.arange(s, s + len(q))[:, None]] = -np.inf
        out[s:s + 64] = softmax(z, axis=1) @ V
    return out
