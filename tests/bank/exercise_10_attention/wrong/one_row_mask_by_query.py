# wrong: scaled_dot_product_attention: reads a mask of one dimension as one over queries if there are as many queries as keys
import numpy as np


def _soft(s, mask):
    if mask is None:
        mask = np.ones(s.shape, bool)
    mask = np.broadcast_to(mask, s.shape)
    s = np.where(mask, s, -np.inf)
    m = s.max(axis=-1, keepdims=True)
    m = np.where(np.isfinite(m), m, 0)
    e = np.exp(s - m)
    t = e.sum(axis=-1, keepdims=True)
    return e / np.where(t == 0, 1, t)


def scaled_dot_product_attention(Q, K, V, mask=None):
    scores = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1])
    if mask is None:
        mask = np.ones(scores.shape, bool)
    mask = np.asarray(mask)
    if mask.ndim == 1 and len(mask) == scores.shape[-2]:
        mask = mask[:, None]
    mask = np.broadcast_to(mask, scores.shape)
    scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(scores - top)
    total = e.sum(axis=-1, keepdims=True)
    weights = e / np.where(total == 0, 1, total)
    return weights @ V, weights


def causal_mask(length):
    return np.tril(np.ones((length, length), dtype=bool))


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads <= 0 or D % num_heads:
        raise ValueError("heads")
    d = D // num_heads
    def split(Z):
        return Z.reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    q, k, v = split(X @ W_q), split(X @ W_k), split(X @ W_v)
    w = _soft(q @ k.swapaxes(-1, -2) / np.sqrt(d), mask)
    return (w @ v).transpose(0, 2, 1, 3).reshape(B, L, D) @ W_o
