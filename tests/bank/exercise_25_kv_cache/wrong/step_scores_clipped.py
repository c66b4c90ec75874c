# wrong: decode_step: clips the scores to [-80, 80]
import numpy as np


def grouped_query_attention(Q, K, V, causal=True):
    B, H, L_q, d = Q.shape
    G, L_k = K.shape[1], K.shape[2]
    if H % G != 0:
        raise ValueError("G does not divide H")
    if causal and L_q > L_k:
        raise ValueError("more queries than positions")
    keys = np.repeat(K, H // G, axis=1)
    values = np.repeat(V, H // G, axis=1)
    scores = Q @ keys.swapaxes(-1, -2) / np.sqrt(d)
    if causal:
        query = np.arange(L_q)[:, None] + L_k - L_q
        hidden = np.arange(L_k) > query
        scores = np.where(hidden, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ values


class KVCache:
    def __init__(self):
        self.k = None
        self.v = None

    def append(self, k, v):
        if self.k is None:
            self.k, self.v = k.copy(), v.copy()
        else:
            self.k = np.concatenate([self.k, k], axis=2)
            self.v = np.concatenate([self.v, v], axis=2)
        return self.k.copy(), self.v.copy()

    def __len__(self):
        return 0 if self.k is None else self.k.shape[2]


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, _, D = x.shape
    d = D // num_heads
    q = (x @ W_q).reshape(B, num_heads, 1, d)
    k = (x @ W_k).reshape(B, num_groups, 1, d)
    v = (x @ W_v).reshape(B, num_groups, 1, d)
    all_k, all_v = cache.append(k, v)
    share = num_heads // num_groups
    scores = q @ np.repeat(all_k, share, axis=1).swapaxes(2, 3) / np.sqrt(d)
    scores = np.exp(np.clip(scores, -80, 80))
    attention = scores / scores.sum(axis=-1, keepdims=True)
    heads = attention @ np.repeat(all_v, share, axis=1)
    return heads.reshape(B, 1, D) @ W_o


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    return 2 * layers * num_groups * head_dim * length * batch * bytes_per_value
