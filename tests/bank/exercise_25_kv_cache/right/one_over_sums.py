import functools, operator
import numpy as np


def grouped_query_attention(Q, K, V, causal=True):
    B, H, n, d = Q.shape
    G, m = K.shape[1:3]
    try:
        q = Q.reshape(B, G, H // G, n, d)
    except (ValueError, ZeroDivisionError):
        raise ValueError("heads") from None
    offset = m - n
    if causal and offset < 0:
        raise ValueError("length")
    out = np.empty_like(q)
    for i in range(n):
        stop = offset + i + 1 if causal else m
        s = np.einsum("bgrd,bgkd->bgrk", q[..., i, :], K[:, :, :stop]) / np.sqrt(d)
        # 1 / sum of exp of differences: nothing has to be subtracted
        with np.errstate(over="ignore"):
            w = 1 / np.exp(s[..., None, :] - s[..., :, None]).sum(-1)
        out[..., i, :] = np.einsum("bgrk,bgkd->bgrd", w, V[:, :, :stop])
    return out.reshape(Q.shape)


class KVCache:
    def __init__(self):
        self._both = None

    def append(self, k, v):
        new = np.array([k, v])
        self._both = new if self._both is None else np.concatenate((self._both, new), axis=3)
        return [each.copy() for each in self._both]

    def __len__(self):
        return 0 if self._both is None else self._both.shape[3]


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, _, D = x.shape
    d = D // num_heads
    k = np.zeros((B, num_groups, 1, d))
    v = np.zeros_like(k)
    k[:, :, 0] = (x[:, 0] @ W_k).reshape(B, num_groups, d)
    v[:, :, 0] = (x[:, 0] @ W_v).reshape(B, num_groups, d)
    K, V = cache.append(k, v)
    q = (x[:, 0] @ W_q).reshape(B, num_heads, 1, d)
    return np.einsum("bhid,hde->bie", grouped_query_attention(q, K, V, causal=False), W_o.reshape(num_heads, d, D))


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    return functools.reduce(operator.mul, (layers, num_groups, head_dim, length, batch, bytes_per_value), 2)
