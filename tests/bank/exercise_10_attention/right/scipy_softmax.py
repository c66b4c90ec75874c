# right: scipy's softmax with finfo.min for hidden keys, which are zeroed again
import numpy as np
from scipy.special import softmax


def scaled_dot_product_attention(Q, K, V, mask=None, scale=None):
    scale = 1 / np.sqrt(K.shape[-1]) if scale is None else scale
    scores = np.matmul(Q * scale, np.moveaxis(K, -1, -2))
    if mask is None:
        mask = np.ones(scores.shape[-2:], dtype=bool)
    weights = softmax(np.where(mask, scores, np.finfo(float).min), axis=-1)
    weights = np.where(mask, weights, 0.0)
    return np.matmul(weights, V), weights


def causal_mask(length):
    return np.less_equal.outer(np.arange(length), np.arange(length)).T


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    D = X.shape[2]
    if num_heads < 1 or D % num_heads != 0:
        raise ValueError("num_heads must be a positive divisor of D")
    Q, K, V = (
        np.stack(np.split(X @ W, num_heads, axis=-1), axis=1) for W in (W_q, W_k, W_v)
    )
    heads = scaled_dot_product_attention(Q, K, V, mask)[0]
    return np.concatenate(list(heads.swapaxes(0, 1)), axis=-1) @ W_o
