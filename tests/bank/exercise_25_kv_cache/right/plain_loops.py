import math

import numpy as np


def grouped_query_attention(Q, K, V, causal=True):
    B, H, L_q, d = Q.shape
    G, L_k = K.shape[1], K.shape[2]
    if H % G:
        raise ValueError("heads")
    if causal and L_k < L_q:
        raise ValueError("lengths")
    out = np.zeros((B, H, L_q, d))
    for b in range(B):
        for h in range(H):
            g = h // (H // G)
            for i in range(L_q):
                last = L_k - L_q + i if causal else L_k - 1
                scores = [
                    sum(Q[b, h, i, c] * K[b, g, j, c] for c in range(d)) / math.sqrt(d)
                    for j in range(last + 1)
                ]
                top = max(scores)
                weights = [math.exp(s - top) for s in scores]
                total = sum(weights)
                for j, weight in enumerate(weights):
                    out[b, h, i] += weight / total * V[b, g, j]
    return out


class KVCache:
    def __init__(self):
        self.rows = []

    def append(self, k, v):
        for t in range(k.shape[2]):
            self.rows.append((k[:, :, t].tolist(), v[:, :, t].tolist()))
        keys = np.array([row[0] for row in self.rows])
        values = np.array([row[1] for row in self.rows])
        return keys.transpose(1, 2, 0, 3), values.transpose(1, 2, 0, 3)

    def __len__(self):
        return len(self.rows)


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, _, D = x.shape
    d = D // num_heads
    k = np.zeros((B, num_groups, 1, d))
    v = np.zeros((B, num_groups, 1, d))
    for g in range(num_groups):
        k[:, g] = x @ W_k[:, g * d:(g + 1) * d]
        v[:, g] = x @ W_v[:, g * d:(g + 1) * d]
    keys, values = cache.append(k, v)
    out = np.zeros((B, 1, D))
    for b in range(B):
        for h in range(num_heads):
            g = h // (num_heads // num_groups)
            q = x[b, 0] @ W_q[:, h * d:(h + 1) * d]
            scores = keys[b, g] @ q / math.sqrt(d)
            weights = np.exp(scores - scores.max())
            head = weights @ values[b, g] / weights.sum()
            out[b, 0] += head @ W_o[h * d:(h + 1) * d]
    return out


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    total = 0
    for _ in range(2):
        total += layers * (num_groups * (head_dim * (length * (batch * bytes_per_value))))
    return total
