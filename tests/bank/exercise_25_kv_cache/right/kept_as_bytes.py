import io
from scipy.special import logsumexp, softmax
import numpy as np


def grouped_query_attention(Q, K, V, causal=True):
    (B, H, Lq, d), (G, Lk) = np.shape(Q), np.shape(K)[1:3]
    if H % G:
        raise ValueError("G must divide H")
    if causal and Lq > Lk:
        raise ValueError("too many queries")
    bias = np.zeros((Lq, Lk))
    if causal:
        bias[np.triu_indices(Lq, Lk - Lq + 1, Lk)] = np.finfo(float).min
    out = np.zeros(Q.shape)
    for h in range(H):
        g = h * G // H
        logits = np.einsum("bqd,bkd->bqk", Q[:, h], K[:, g]) * d**-0.5
        logits = np.where(bias < 0, bias, logits)
        out[:, h] = softmax(logits, axis=2) @ V[:, g]
    return out


class KVCache:
    """Keeps bytes."""

    def __init__(self):
        self.data, self.n, self.shape = [b"", b""], 0, None

    def append(self, k, v):
        B, G, L, d = k.shape
        self.shape = B, G, d
        for i, a in enumerate((k, v)):
            self.data[i] += np.moveaxis(a, 2, 0).tobytes()
        self.n += L
        return tuple(
            np.moveaxis(np.frombuffer(each, dtype=np.float64).reshape(self.n, B, G, d), 0, 2).copy()
            for each in self.data
        )

    def __len__(self):
        return self.n


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, _, D = x.shape
    d = D // num_heads
    K, V = cache.append(
        np.stack(np.split(x @ W_k, num_groups, axis=-1), axis=1),
        np.stack(np.split(x @ W_v, num_groups, axis=-1), axis=1),
    )
    out = np.zeros((B, 1, D))
    for h, (Wq, Wo) in enumerate(zip(np.split(W_q, num_heads, axis=1), np.split(W_o, num_heads))):
        g = h // (num_heads // num_groups)
        s = np.einsum("bd,bkd->bk", (x @ Wq)[:, 0], K[:, g]) / d**0.5
        w = np.exp(s - logsumexp(s, axis=1, keepdims=True))
        out += np.einsum("bk,bkd->bd", w, V[:, g])[:, None] @ Wo
    return out


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    return sum(2 * num_groups * head_dim * bytes_per_value for _ in range(1)) * layers * batch * length
