import copy

import numpy as np


def softmax(row):
    row = row - row.max()
    e = np.exp(row)
    return e / e.sum()


def grouped_query_attention(Q, K, V, causal=True):
    Q, K, V = (np.asarray(a, dtype=np.longdouble) for a in (Q, K, V))
    heads, groups = Q.shape[1], K.shape[1]
    queries, keys = Q.shape[2], K.shape[2]
    if groups > heads or heads % groups or (causal and queries > keys):
        raise ValueError
    share = heads // groups
    out = []
    for h in range(heads):
        k, v = K[:, h // share], V[:, h // share]
        rows = []
        for i in range(queries):
            end = keys - queries + i + 1 if causal else keys
            part = []
            for b in range(len(Q)):
                scores = k[b, :end] @ Q[b, h, i] / np.sqrt(np.longdouble(Q.shape[3]))
                part.append(softmax(scores) @ v[b, :end])
            rows.append(np.stack(part))
        out.append(np.stack(rows, axis=1))
    return np.stack(out, axis=1).astype(np.float64)


class KVCache:
    def __init__(self):
        self.__stored = {"k": [], "v": []}

    def append(self, k, v):
        self.__stored["k"].extend(copy.deepcopy([k[:, :, i:i + 1] for i in range(k.shape[2])]))
        self.__stored["v"].extend(copy.deepcopy([v[:, :, i:i + 1] for i in range(v.shape[2])]))
        return np.dstack(self.__stored["k"]), np.dstack(self.__stored["v"])

    def __len__(self):
        return len(self.__stored["k"])


class Layer:
    def __init__(self, W_q, W_k, W_v, W_o, H, G):
        self.W = W_q, W_k, W_v, W_o
        self.H, self.G = H, G

    def __call__(self, x, cache):
        B, _, D = x.shape
        d = D // self.H
        q, k, v = (
            np.stack(np.split(x @ W, W.shape[1] // d, axis=2), axis=1) for W in self.W[:3]
        )
        K, V = cache.append(k, v)
        out = grouped_query_attention(q, K, V)
        return np.einsum("bhld,hde->ble", out, self.W[3].reshape(self.H, d, D))


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    return Layer(W_q, W_k, W_v, W_o, num_heads, num_groups)(x, cache)


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    shape = (layers, 2, batch, num_groups, length, head_dim)
    count = bytes_per_value
    for n in shape:
        count *= n
    return count
