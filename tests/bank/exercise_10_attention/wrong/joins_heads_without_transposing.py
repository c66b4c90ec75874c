# wrong: multi_head_attention: heads are flattened before their axis is moved back after the positions
import numpy as np


def scaled_dot_product_attention(Q, K, V, mask=None):
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    weights = np.exp(scores - largest)
    total = weights.sum(axis=-1, keepdims=True)
    weights = weights / np.where(total == 0.0, 1.0, total)
    return weights @ V, weights


def causal_mask(length):
    return np.tril(np.ones((length, length), dtype=bool))


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads < 1 or D % num_heads != 0:
        raise ValueError("num_heads must divide the model dimension")
    d = D // num_heads
    Q = (X @ W_q).reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    K = (X @ W_k).reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    V = (X @ W_v).reshape(B, L, num_heads, d).transpose(0, 2, 1, 3)
    scores = Q @ K.transpose(0, 1, 3, 2) / np.sqrt(d)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isfinite(largest), largest, 0.0))
    total = weights.sum(axis=-1, keepdims=True)
    weights = weights / np.where(total > 0, total, 1.0)
    heads = weights @ V
    return heads.reshape(B, L, D) @ W_o
