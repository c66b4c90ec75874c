# wrong: causal_mask: forgets what is eight positions or more in the past
import numpy as np

def scaled_dot_product_attention(Q, K, V, mask=None):
    s = np.matmul(Q, np.swapaxes(K, -1, -2)) / np.sqrt(Q.shape[-1])
    if mask is not None:
        s = np.where(mask, s, -np.inf)
    top = s.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    e = np.exp(s - top)
    z = e.sum(axis=-1, keepdims=True)
    w = e / np.where(z == 0, 1.0, z)
    return np.matmul(w, V), w

def causal_mask(length):
    m = np.tril(np.ones((length, length), dtype=bool))
    return m & ~np.tril(m, -8)

def _attend(Q, K, V, mask):
    s = np.einsum("bhqd,bhkd->bhqk", Q, K) / np.sqrt(Q.shape[-1])
    if mask is not None:
        m = np.broadcast_to(mask, s.shape)
    else:
        m = np.ones(s.shape, dtype=bool)
    top = np.where(m, s, -np.inf).max(axis=-1, keepdims=True)
    top[~np.isfinite(top)] = 0
    e = np.where(m, np.exp(np.where(m, s, top) - top), 0.0)
    z = e.sum(axis=-1, keepdims=True)
    return np.einsum("bhqk,bhkd->bhqd", np.divide(e, z, out=np.zeros_like(e), where=z > 0), V)

def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads < 1 or D % num_heads != 0:
        raise ValueError("num_heads")
    d = D // num_heads
    def split(A):
        return A.reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    q, k, v = split(X @ W_q), split(X @ W_k), split(X @ W_v)
    heads = _attend(q, k, v, mask)
    return heads.transpose(0, 2, 1, 3).reshape(B, L, D) @ W_o
