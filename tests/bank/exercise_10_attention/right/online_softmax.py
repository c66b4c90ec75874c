# right: keys one at a time with a running maximum and sum, as FlashAttention does
import numpy as np


def scaled_dot_product_attention(Q, K, V, mask=None):
    shape = np.broadcast_shapes(Q.shape[:-2], K.shape[:-2]) + (Q.shape[-2], K.shape[-2])
    seen = np.ones(shape, bool) if mask is None else np.broadcast_to(mask, shape)
    scores = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1])
    top = np.full(shape[:-1], -np.inf)
    total = np.zeros(shape[:-1])
    output = np.zeros(shape[:-1] + (V.shape[-1],))
    for j in range(K.shape[-2]):
        score, use = scores[..., j], seen[..., j]
        new_top = np.where(use, np.maximum(top, score), top)
        fresh = np.isinf(top)  # nothing seen so far
        shrink = np.where(fresh, 0.0, top) - np.where(fresh, 0.0, new_top)
        decay = np.where(fresh, 0.0, np.exp(shrink))
        power = np.where(use, np.exp(np.where(use, score - np.where(use, new_top, 0.0), 0.0)), 0.0)
        total = total * decay + power
        output = output * decay[..., None] + power[..., None] * V[..., None, j, :]
        top = new_top
    safe = np.where(total == 0, 1.0, total)
    shift = np.where(np.isinf(top), 0.0, top)[..., None]
    weights = np.where(seen, np.exp(np.where(seen, scores - shift, 0.0)), 0.0) / safe[..., None]
    return output / safe[..., None], weights


def causal_mask(length):
    return np.cumsum(np.eye(length), axis=1).T.astype(bool)


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads < 1 or D % num_heads:
        raise ValueError
    d = D // num_heads

    def flat(Y):
        return Y.reshape(B, L, num_heads, d).transpose(0, 2, 1, 3).reshape(B * num_heads, L, d)

    if mask is not None:
        mask = np.repeat(np.broadcast_to(mask, (B, 1, L, L))[:, 0], num_heads, axis=0)
    out, _ = scaled_dot_product_attention(flat(X @ W_q), flat(X @ W_k), flat(X @ W_v), mask)
    return out.reshape(B, num_heads, L, d).transpose(0, 2, 1, 3).reshape(B, L, D) @ W_o
