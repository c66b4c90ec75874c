import math

import numpy as np
import torch
import torch.nn.functional as F


def grouped_query_attention(Q, K, V, causal=True):
    H, G = Q.shape[1], K.shape[1]
    L_q, L_k = Q.shape[2], K.shape[2]
    if H % G:
        raise ValueError("groups")
    if causal and L_q > L_k:
        raise ValueError("causal")
    q, k, v = (torch.tensor(np.ascontiguousarray(a)) for a in (Q, K, V))
    k = k.repeat_interleave(H // G, dim=1)
    v = v.repeat_interleave(H // G, dim=1)
    mask = torch.ones(L_q, L_k, dtype=torch.bool)
    if causal:
        mask = mask.tril(L_k - L_q)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).numpy()


class KVCache(list):
    def append(self, k, v):
        super().append((torch.tensor(np.ascontiguousarray(k)), torch.tensor(np.array(v, order="C"))))
        return (
            torch.cat([piece[0] for piece in self.pieces()], dim=2).numpy(),
            torch.cat([piece[1] for piece in self.pieces()], dim=2).numpy(),
        )

    def pieces(self):
        return [piece for piece in self]

    def __len__(self):
        return sum(piece[0].shape[2] for piece in self.pieces())


def decode_step(x, cache, W_q, W_k, W_v, W_o, num_heads, num_groups):
    B, _, D = x.shape
    d = D // num_heads
    q = np.einsum("bld,dhe->bhle", x, W_q.reshape(D, num_heads, d))
    k = np.einsum("bld,dge->bgle", x, W_k.reshape(D, num_groups, d))
    v = np.einsum("bld,dge->bgle", x, W_v.reshape(D, num_groups, d))
    K, V = cache.append(k=k, v=v)
    share = num_heads // num_groups
    q = q.reshape(B, num_groups, share, d)
    scores = np.einsum("bgrd,bgkd->bgrk", q, K) / math.sqrt(d)
    weights = torch.softmax(torch.tensor(scores), dim=-1).numpy()
    out = np.einsum("bgrk,bgkd->bgrd", weights, V).reshape(B, 1, D)
    return out @ W_o


def cache_bytes(layers, num_groups, head_dim, length, batch=1, bytes_per_value=2):
    return math.prod((2, layers, num_groups, head_dim, length, batch, bytes_per_value))
