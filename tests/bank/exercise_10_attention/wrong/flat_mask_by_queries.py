# wrong: multi_head_attention: reads a mask (L,) as one over queries, not over keys
import numpy as np


def scaled_dot_product_attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is None:
        mask = True
    mask = np.broadcast_to(mask, scores.shape)
    scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    e = np.where(mask, np.exp(scores - top), 0.0)
    total = e.sum(axis=-1, keepdims=True)
    weights = e / np.where(total == 0, 1.0, total)
    output = weights @ V
    return output, weights


def causal_mask(length):
    return np.tril(np.ones((length, length), dtype=bool))


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads < 1 or D % num_heads != 0:
        raise ValueError("heads")
    d = D // num_heads
    q = (X @ W_q).reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    k = (X @ W_k).reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    v = (X @ W_v).reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    s = q @ k.transpose(0, 1, 3, 2) / np.sqrt(d)
    if mask is not None and np.ndim(mask) == 1:
        mask = mask[:, None]
    see = np.broadcast_to(True if mask is None else mask, s.shape)
    s = np.where(see, s, -np.inf)
    t = s.max(axis=-1, keepdims=True)
    t = np.where(np.isfinite(t), t, 0.0)
    p = np.where(see, np.exp(s - t), 0.0)
    n = p.sum(axis=-1, keepdims=True)
    p = p / np.where(n == 0, 1.0, n)
    heads = p @ v
    out = heads.transpose(0, 2, 1, 3).reshape(B, L, D)
    return out @ W_o
