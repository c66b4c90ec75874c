# wrong: decode_step: attends over the last sixteen positions only
import numpy as np

def grouped_query_attention(Q, K, V, causal=True):
    B, H, L_q, d = Q.shape
    G, L_k = K.shape[1], K.shape[2]
    if H % G:
        raise ValueError("G")
    if causal and L_q > L_k:
        raise ValueError("L")
    K = np.repeat(K, H // G, axis=1)
    V = np.repeat(V, H // G, axis=1)
    scores = Q @ K.transpose(0, 1, 3, 2) / np.sqrt(d)
    if causal:
        visible = np.tri(L_q, L_k, L_k - L_q, dtype=bool)
        scores = np.where(visible, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ V
class KVCache:
    def __init__(self):
        self.k = self.v = None
    def append(self, k, v):
        k, v = k.copy(), v.copy()
        if self.k is None:
            self.k, self.v = k, v
        else:
            self.k = np.concatenate([self.k, k], axis=2)
            self.v = np.concatenate([self.v, v], axis=2)
        return self.k.copy(), self.v.copy()
    def __len__(self):
        return 0 if self.k is None else self.k.shape[2]
def _attend(q, K, V):
    H, G = q.shape[1], K.shape[1]
    K, V = np.repeat(K, H // G, axis=1), np.repeat(V, H // G, axis=1)
    s = q @ K.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ V
def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, _, D = x.shape
    d = D // num_heads
    q = (x @ W_q).reshape(B, 1, num_heads, d).transpose(0, 2, 1, 3)
    k = (x @ W_k).reshape(B, 1, num_groups, d).transpose(0, 2, 1, 3)
    v = (x @ W_v).reshape(B, 1, num_groups, d).transpose(0, 2, 1, 3)
    K, V = cache.append(k, v)
    n = min(len(cache), 16); out = _attend(q, K[:, :, -n:], V[:, :, -n:])
    return out.transpose(0, 2, 1, 3).reshape(B, 1, D) @ W_o

def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    return 2 * layers * num_groups * head_dim * length * batch * bytes_per_value
