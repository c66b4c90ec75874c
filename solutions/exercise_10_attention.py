"""Attention is a soft dictionary lookup. Every query is compared with every key by a dot
product, the softmax turns the scores into weights, and the output is the weighted mean of the
values. The scale 1/sqrt(d_k) is there because a dot product of d_k independent terms of unit
variance has variance d_k: without it, wide heads saturate the softmax and its gradient dies.

Masking belongs before the softmax: a hidden key must not take part in the normalisation, so its
score becomes minus infinity and its weight exactly zero. A "large" constant such as -1e9 only
works until real scores get there. A query that may look at nothing, padding for instance, has
no softmax at all: 0/0 becomes NaN and spreads through the batch, so I define it as zeros.

Several heads are the same computation on slices of the columns. The cost does not change, since
each head is D/H wide, but every head has a softmax of its own and so can look somewhere else;
that is also why the scale uses the width of the head and not D. W_o then mixes the heads.

What comes next: time and memory are quadratic in L because of the (L, L) weights.
FlashAttention keeps the time but never stores them, by computing the softmax block by block with
a running maximum and sum. In decoding, keys and values of earlier positions never change under
a causal mask, so they are cached, and a step costs O(L) instead of O(L^2). Without positions
added to X, attention is a set operation: permuting the keys together with their values
changes nothing.
"""

from __future__ import annotations

import numpy as np


def scaled_dot_product_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return (output, weights) of softmax(Q K^T / sqrt(d_k)) V over the keys in sight."""
    # Not Q @ K.T: .T would turn the batch dimensions around as well.
    scores = np.einsum("...qd,...kd->...qk", Q, K) / np.sqrt(Q.shape[-1])  # (..., L_q, L_k)
    if mask is not None:
        # Before the softmax, and to -inf: what is hidden neither counts nor sets the maximum.
        scores = np.where(mask, scores, -np.inf)
    # A query that sees nothing would have the maximum -inf, and -inf - -inf is NaN. `initial`
    # keeps the maximum finite and is above no score; all exponentials of such a query are zero.
    lowest = np.finfo(np.float64).min
    largest = scores.max(axis=-1, keepdims=True, initial=lowest)  # (..., L_q, 1)
    weights = np.exp(scores - largest)
    # The largest score in sight gives exp(0) = 1, so a sum below 1 is the 0 of seeing nothing.
    weights = weights / weights.sum(axis=-1, keepdims=True).clip(min=1.0)
    return weights @ V, weights


def causal_mask(length: int) -> np.ndarray:
    """Return the (length, length) mask in which query i sees keys 0 to i."""
    return np.tri(length, dtype=bool)


def multi_head_attention(
    X: np.ndarray,
    W_q: np.ndarray,
    W_k: np.ndarray,
    W_v: np.ndarray,
    W_o: np.ndarray,
    num_heads: int,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Attend in every head with its own block of columns, then mix the heads with W_o."""
    B, L, D = X.shape
    # Positive first: -2 divides 6 as well, and 0 would be a ZeroDivisionError.
    if num_heads < 1 or D % num_heads:
        raise ValueError(f"num_heads must be a positive divisor of {D}, got {num_heads}")

    def split(projected: np.ndarray) -> np.ndarray:
        # The reshape cuts the columns into blocks; only then may the heads move forward.
        # Reshaping to (B, H, L, d) at once has the right shape and mixes up positions.
        return projected.reshape(B, L, num_heads, D // num_heads).transpose(0, 2, 1, 3)

    # Scores are (B, H, L, L): a mask (L, L) or (B, 1, L, L) broadcasts over the heads.
    heads, _ = scaled_dot_product_attention(split(X @ W_q), split(X @ W_k), split(X @ W_v), mask)
    return heads.transpose(0, 2, 1, 3).reshape(B, L, D) @ W_o  # (B, H, L, d) -> (B, L, D)
