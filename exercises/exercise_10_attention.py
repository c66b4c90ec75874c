"""Exercise 10: attention, its masks and its heads (numpy).

"Write attention on the board" is three lines, and most candidates get two of them right.
Then the interviewer draws a padded batch: a sentence of three words in a batch of length
seven, and one row that holds nothing but padding. What do your weights say there? And if a
hidden key happens to score a million, does it still leave no trace?

The follow-up is the plumbing of several heads: which columns belong to which head, what the
scale is once a head is narrower than the model, and why a mask of shape (B, 1, 1, L) fits.

Masks are boolean: `True` where a query may look at a key. All other arrays are float64; any
of them may lie in memory in another order, or be a part of a larger array.
"""

from __future__ import annotations

import numpy as np


def scaled_dot_product_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Let every query take a weighted mean of the values, weighted by how well the keys fit.

    The weights are the softmax of `Q K^T / sqrt(d_k)` over the keys that the query may see,
    whatever the hidden keys hold. They are finite for finite scores of any size.

    Args:
        Q: Queries (..., L_q, d_k), with any number of leading dimensions, none included.
        K: Keys (..., L_k, d_k).
        V: Values (..., L_k, d_v).
        mask: Boolean, `True` where a query may look at a key; anything that broadcasts to
            (..., L_q, L_k). None hides nothing. A query that may look at nothing gets
            zero weights and a zero output.
    Returns:
        `(output, weights)`, shaped (..., L_q, d_v) and (..., L_q, L_k), both float64. The
        arguments stay as they were.
    Example:
        >>> Q, K, V = np.array([[2.0]]), np.array([[3.0], [3.0]]), np.array([[1.0], [5.0]])
        >>> output, weights = scaled_dot_product_attention(Q, K, V)
        >>> output.round(6).tolist(), weights.round(6).tolist()
        ([[3.0]], [[0.5, 0.5]])
        >>> output, weights = scaled_dot_product_attention(Q, K, V, np.array([[False, True]]))
        >>> output.round(6).tolist()
        [[5.0]]

    Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_10: `scaled_dot_product_attention` is still a stub")


def causal_mask(length: int) -> np.ndarray:
    """Say who may look at whom when nobody may look ahead.

    Args:
        length: The number of positions, at least one.
    Returns:
        A boolean array (length, length); row i is the query at position i, which sees
        itself and what came before.
    Example:
        >>> causal_mask(2).tolist()
        [[True, False], [True, True]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_10: `causal_mask` is still a stub")


def multi_head_attention(
    X: np.ndarray,
    W_q: np.ndarray,
    W_k: np.ndarray,
    W_v: np.ndarray,
    W_o: np.ndarray,
    num_heads: int,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Self-attention with several heads, each looking with its own share of the columns.

    Queries, keys and values are `X @ W_q`, `X @ W_k` and `X @ W_v`. Head h attends with
    columns `h * D/num_heads` up to (not including) `(h + 1) * D/num_heads` of them. The
    heads' outputs, side by side in that order, are multiplied by `W_o`.

    Args:
        X: (B, L, D).
        W_q, W_k, W_v, W_o: (D, D), applied as `X @ W`, without biases.
        num_heads: A positive divisor of D.
        mask: Boolean, (L, L) or anything that broadcasts to (B, 1, L, L); every head has
            the same one. A position that may look at nothing gets zeros from every head.
    Returns:
        float64 (B, L, D). The arguments stay as they were.
    Raises:
        ValueError: `num_heads` is not a positive divisor of D.
    Example:
        >>> X, I = np.array([[[1.0, 2.0], [1.0, 2.0]]]), np.eye(2)
        >>> multi_head_attention(X, I, I, I, 3 * I, num_heads=2).round(6).tolist()
        [[[3.0, 6.0], [3.0, 6.0]]]

    Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.2.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_10: `multi_head_attention` is still a stub")
