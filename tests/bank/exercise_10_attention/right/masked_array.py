# right: hidden scores live in a masked array, and a tiny constant guards the division
import numpy as np


def scaled_dot_product_attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2)
    scores /= np.sqrt(Q.shape[-1])  # our own array, so in place
    hidden = False if mask is None else ~mask
    scores = np.ma.array(scores, mask=np.broadcast_to(hidden, scores.shape))
    top = scores.max(axis=-1, keepdims=True).filled(0.0)
    weights = np.ma.exp(scores - top).filled(0.0)
    weights /= weights.sum(axis=-1, keepdims=True) + 1e-12
    output = weights @ V
    return output, weights


def causal_mask(length, offset=0):
    i, j = np.indices((length, length))
    return j <= i + offset


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None, return_weights=False):
    B, L, D = X.shape
    try:
        width, rest = divmod(D, num_heads)
    except ZeroDivisionError:
        rest = 1
    if rest or num_heads < 0:
        raise ValueError("bad num_heads")
    Q, K, V = [(X @ W).reshape(B, L, num_heads, width).swapaxes(1, 2) for W in (W_q, W_k, W_v)]
    heads, weights = scaled_dot_product_attention(Q, K, V, mask)
    out = np.concatenate([heads[:, h] for h in range(num_heads)], axis=2) @ W_o
    return (out, weights) if return_weights else out
