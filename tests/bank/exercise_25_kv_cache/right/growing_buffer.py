import numpy as np


def grouped_query_attention(Q, K, V, causal=True):
    B, H, Lq, d = Q.shape
    _, G, Lk, _ = K.shape
    if H % G != 0 or (causal and Lq > Lk):
        raise ValueError("shapes do not fit")
    R = H // G
    Q5 = Q.reshape(B, G, R * Lq, d) * d ** -0.5
    S = np.matmul(Q5, K.transpose(0, 1, 3, 2)).reshape(B, G, R, Lq, Lk)
    if causal:
        upper = np.triu(np.ones((Lq, Lk), dtype=bool), k=Lk - Lq + 1)
        S[..., upper] = -np.inf
    # log-sum-exp, then exponentiate once
    top = S.max(-1, keepdims=True)
    log_total = top + np.log(np.exp(S - top).sum(-1, keepdims=True))
    P = np.exp(S - log_total).reshape(B, G, R * Lq, Lk)
    return np.matmul(P, V).reshape(B, H, Lq, d)


class KVCache:
    """A buffer that doubles when it is full."""

    def __init__(self):
        self._buffer = None
        self._n = 0

    def append(self, k, v):
        B, G, new, d = k.shape
        if self._buffer is None:
            self._buffer = np.empty((2, B, G, max(4, new), d))
        while self._n + new > self._buffer.shape[3]:
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)], axis=3)
        self._buffer[0, :, :, self._n:self._n + new] = k
        self._buffer[1, :, :, self._n:self._n + new] = v
        self._n += new
        return tuple(self._buffer[:, :, :, :self._n].copy())

    def __len__(self):
        return self._n


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B = x.shape[0]
    row = x[:, 0]
    d = x.shape[2] // num_heads

    def heads(W, n):
        return np.stack([row @ W[:, i * d:(i + 1) * d] for i in range(n)], axis=1)[:, :, None]

    K, V = cache.append(heads(W_k, num_groups), heads(W_v, num_groups))
    out = grouped_query_attention(heads(W_q, num_heads), K, V, causal=True)
    return np.concatenate([out[:, h] for h in range(num_heads)], axis=-1).reshape(B, 1, -1) @ W_o


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    per_token = layers * num_groups * head_dim * bytes_per_value * 2
    return int(per_token) * int(length) * int(batch)
