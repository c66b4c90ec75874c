# right: weights as exp(score - logsumexp), and ValueError by a look at the remainder
import math

import numpy as np
from scipy.special import logsumexp


def scaled_dot_product_attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -2, -1) / math.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    norm = logsumexp(scores, axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(norm == -np.inf, 0.0, norm))
    return weights @ V, weights


def causal_mask(length):
    mask = np.zeros((length, length), dtype=np.bool_)
    for row in range(length):
        mask[row, : row + 1] = True
    return mask


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads <= 0 or divmod(D, num_heads)[1]:
        raise ValueError("no such number of heads")
    if mask is not None:
        mask = np.broadcast_to(mask, (B, 1, L, L))[:, 0]
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    width = D // num_heads
    out = np.zeros((B, L, D))
    for start in range(0, D, width):
        own = slice(start, start + width)
        head, _ = scaled_dot_product_attention(Q[..., own], K[..., own], V[..., own], mask)
        out += head @ W_o[own]  # the concatenation, block row by block row
    return out
