# right: torch's scaled_dot_product_attention in float64; weights come from its softmax
import numpy as np
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(Q, K, V, mask=None):
    q, k, v = (torch.tensor(a, dtype=torch.float64) for a in (Q, K, V))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~torch.tensor(mask), -torch.inf)
    weights = torch.softmax(scores, dim=-1)
    weights = torch.where(torch.isneginf(scores), 0.0, weights)
    return (weights @ v).numpy(), weights.numpy()


def causal_mask(length):
    return torch.ones(length, length).tril().bool().numpy()


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads < 1 or D % num_heads:
        raise ValueError(num_heads)
    x, *weights, w_o = (torch.tensor(a) for a in (X, W_q, W_k, W_v, W_o))
    q, k, v = ((x @ w).unflatten(-1, (num_heads, -1)).transpose(1, 2) for w in weights)
    if mask is None:
        out = F.scaled_dot_product_attention(q, k, v)
    else:
        seen = torch.tensor(np.array(np.broadcast_to(mask, (B, 1, L, L))))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        out = torch.where(seen.any(-1, keepdim=True), out, 0.0)
    return (out.transpose(1, 2).flatten(2) @ w_o).numpy()
