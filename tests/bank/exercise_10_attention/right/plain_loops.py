# right: Python loops over batch, queries and keys; lists until the very end
import math

import numpy as np


def _attend(Q, K, V, seen):
    output, weights = [], []
    for i, query in enumerate(Q):
        scores = {
            j: sum(float(a) * float(b) for a, b in zip(query, key)) / math.sqrt(len(query))
            for j, key in enumerate(K)
            if seen[i][j]
        }
        top = max(scores.values(), default=0.0)
        powers = {j: math.exp(score - top) for j, score in scores.items()}
        total = sum(powers.values())
        row = [powers[j] / total if j in powers else 0.0 for j in range(len(K))]
        weights.append(row)
        output.append([sum(w * float(v[c]) for w, v in zip(row, V)) for c in range(V.shape[1])])
    return output, weights


def scaled_dot_product_attention(Q, K, V, mask=None):
    lead = Q.shape[:-2]
    shape = (*lead, Q.shape[-2], K.shape[-2])
    seen = np.broadcast_to(np.array(True) if mask is None else mask, shape)
    output = np.empty((*lead, Q.shape[-2], V.shape[-1]))
    weights = np.empty(shape)
    for index in np.ndindex(*lead):
        output[index], weights[index] = _attend(Q[index], K[index], V[index], seen[index])
    return [output, weights]


def causal_mask(length):
    return np.array([[j <= i for j in range(length)] for i in range(length)])


def multi_head_attention(X, W_q, W_k, W_v, W_o, num_heads, mask=None):
    B, L, D = X.shape
    if num_heads not in [h for h in range(1, D + 1) if D % h == 0]:
        raise ValueError
    seen = np.broadcast_to(np.array(True) if mask is None else mask, (B, 1, L, L))
    width = D // num_heads
    result = []
    for b in range(B):
        joined = np.zeros((L, D))
        for h in range(num_heads):
            own = slice(h * width, h * width + width)
            joined[:, own], _ = _attend(
                X[b] @ W_q[:, own], X[b] @ W_k[:, own], X[b] @ W_v[:, own], seen[b, 0]
            )
        result.append(joined @ W_o)
    return np.array(result)
