from dataclasses import dataclass, field

import numpy as np


def grouped_query_attention(Q, K, V, causal=True):
    B, H, L_q, d = Q.shape
    G, L_k = K.shape[1:3]
    if H // G * G != H:
        raise ValueError(f"{H} over {G}")
    if causal and L_q > L_k:
        raise ValueError(f"{L_q} > {L_k}")
    top = np.full((B, H, L_q, 1), -np.inf)
    total = np.zeros((B, H, L_q, 1))
    out = np.zeros((B, H, L_q, d))
    head = np.arange(H) // (H // G)
    for j in range(L_k):
        key, value = K[:, head, j], V[:, head, j]
        score = np.einsum("bhqd,bhd->bhq", Q, key)[..., None] / np.sqrt(d)
        if causal:
            sees = j <= np.arange(L_q) + (L_k - L_q)
            score = np.where(sees[:, None], score, -np.inf)
        new = np.maximum(top, score)
        safe = np.where(np.isinf(new), 0.0, new)
        shrink, weight = np.exp(top - safe), np.exp(score - safe)
        total = total * shrink + weight
        out = out * shrink + weight * value[:, :, None]
        top = new
    return out / total


@dataclass
class KVCache:
    keys: np.ndarray | None = field(default=None)
    values: np.ndarray | None = field(default=None)
    length: int = 0

    def append(self, k, v):
        if self.length == 0:
            self.keys = np.empty(k.shape[:2] + (0,) + k.shape[3:])
            self.values = np.empty(v.shape[:2] + (0,) + v.shape[3:])
        self.keys = np.append(self.keys, k, axis=2)
        self.values = np.append(self.values, v, axis=2)
        self.length += k.shape[2]
        for array in (self.keys, self.values):
            array.flags.writeable = False
        return self.keys, self.values

    def __len__(self):
        return self.length


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, L, D = x.shape
    before = len(cache)

    def split(y, n):
        return y.reshape(B, L, n, -1).transpose(0, 2, 1, 3)

    K, V = cache.append(split(x.dot(W_k), num_groups), split(x.dot(W_v), num_groups))
    assert K.shape[2] == before + 1
    out = grouped_query_attention(split(x.dot(W_q), num_heads), K, V, False)
    return out.transpose(0, 2, 1, 3).reshape(B, L, D).dot(W_o)


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    numbers = 2 * layers * batch * length * num_groups * head_dim
    return numbers * bytes_per_value
