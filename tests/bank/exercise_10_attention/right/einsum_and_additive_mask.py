# right: einsum throughout, and a mask that adds -inf; NaN rows are replaced afterwards
import numpy as np


def scaled_dot_product_attention(Q, K, V, mask=None):
    scores = np.einsum("...qd,...kd->...qk", Q, K) * Q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + np.where(mask, 0.0, -np.inf)
    with np.errstate(invalid="ignore"):
        weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        weights /= np.sum(weights, axis=-1, keepdims=True)
    weights = np.nan_to_num(weights, nan=0.0)
    return np.einsum("...qk,...kv->...qv", weights, V), weights


def causal_mask(length):
    return ~np.triu(np.ones((length, length), dtype=bool), 1)


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    D = X.shape[-1]
    if num_heads <= 0 or D % num_heads:
        raise ValueError("heads")
    d = D // num_heads
    W_q, W_k, W_v = (W.reshape(D, num_heads, d) for W in (W_q, W_k, W_v))
    Q = np.einsum("bld,dhe->bhle", X, W_q)
    K = np.einsum("bld,dhe->bhle", X, W_k)
    V = np.einsum("bld,dhe->bhle", X, W_v)
    heads, _ = scaled_dot_product_attention(Q, K, V, mask)
    return np.einsum("bhle,hed->bld", heads, W_o.reshape(num_heads, d, D))
