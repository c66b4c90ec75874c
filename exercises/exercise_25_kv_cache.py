"""Exercise 25: grouped-query attention and the key-value cache (numpy).

A chat model writes one token at a time, and each token looks back at all the others. Without a
cache the thousandth token computes the keys and values of the 999 before it once more. With one,
a step costs a thousandth, and memory becomes what you run out of. "How large is the cache of your
model at 32,000 tokens?" is asked to see whether you can do the sum, and "what do grouped queries
change?" to see whether you know why every model has them now.

The code is short, and its mistakes are quiet. Query heads that look at the wrong group still give
plausible numbers. A causal mask that is aligned at the wrong corner shows a step only the first
token. A cache that keeps the caller's buffer instead of a copy is right until the buffer is used
again. The follow-up: how do you know that decoding step by step gives what one pass gives?

Letters: B sequences, H query heads, G key heads (groups), d numbers a head, D = H * d. All arrays
are float64.
"""

import numpy as np


def grouped_query_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, causal: bool = True
) -> np.ndarray:
    """Attend with H query heads to G heads of keys and values.

    Query head `h` uses the keys and values of head `h // (H // G)`. Scores are dot products over
    `sqrt(d)`; the softmax of a query runs over the keys that it may see. Keys that it may not
    see have no influence, however large their scores are.

    Args:
        Q: (B, H, L_q, d), finite numbers of any size.
        K: (B, G, L_k, d), likewise.
        V: (B, G, L_k, d), likewise.
        causal: If so, the queries are the last L_q of the L_k positions, and each sees itself and
            what came before. If not, each sees every key, and L_q may exceed L_k.
    Returns:
        (B, H, L_q, d) float64. The arguments stay as they were.
    Raises:
        ValueError: G does not divide H, causal or not; or it is causal and L_q > L_k.
    Example:
        >>> Q = np.zeros((1, 2, 2, 1))
        >>> K, V = np.zeros((1, 1, 3, 1)), np.array([[[[3.0], [6.0], [0.0]]]])
        >>> grouped_query_attention(Q, K, V)[0, 0].tolist()
        [[4.5], [3.0]]
        >>> grouped_query_attention(Q, K, V, causal=False)[0, 1].tolist()
        [[3.0], [3.0]]

    Source: Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models from
        Multi-Head Checkpoints, 2023.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_25: `grouped_query_attention` is still a stub")


class KVCache:
    """The keys and values of all positions so far, of one layer.

    It is made without arguments, and empty: `KVCache()`. `len(cache)` is the number of positions
    that it holds. What it holds is kept in the object and nowhere else, so two caches know
    nothing of each other.

    Example:
        >>> cache = KVCache()
        >>> len(cache)
        0
        >>> first = np.array([[[[1.0], [2.0]]]])
        >>> _ = cache.append(first, -first)
        >>> K, V = cache.append(np.array([[[[3.0]]]]), np.array([[[[9.0]]]]))
        >>> K.ravel().tolist(), V.ravel().tolist(), len(cache)
        ([1.0, 2.0, 3.0], [-1.0, -2.0, 9.0], 3)
    """

    def __init__(self) -> None:
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_25: `KVCache` is still a stub")

    def append(self, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the keys and values of the next positions, and return all of them.

        Args:
            k: (B, G, L_new, d), with L_new of 1 or more. B, G and d are those of the first piece;
                L_new may be another one each time.
            v: Shaped like `k`.
        Returns:
            (K, V), both (B, G, len(cache), d) float64: all keys and all values so far, oldest
            first. `k` and `v` stay as they were. Whatever the caller later writes into its `k`
            and `v`, or into a K and V that it got back, does not change the cache.
        """
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_25: `KVCache` is still a stub")

    def __len__(self) -> int:
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_25: `KVCache` is still a stub")


def decode_step(
    x: np.ndarray,
    cache: KVCache,
    W_q: np.ndarray,
    W_k: np.ndarray,
    W_v: np.ndarray,
    W_o: np.ndarray,
    num_heads: int,
    num_groups: int,
) -> np.ndarray:
    """Run one new position through a layer of grouped-query attention.

    The position is projected to queries, keys and values (`x @ W_q` and so on); heads are adjacent
    blocks of d columns, so head `h` owns the columns `h * d` up to `(h + 1) * d`. Its key and
    value are appended to the cache; its query attends over all that is then in the cache, itself
    included; and the heads, side by side again, are multiplied by W_o. Step by step, from an empty
    cache, this gives what one causal pass over the whole sequence gives.

    Args:
        x: (B, 1, D), the new position. Scores may be of any size.
        cache: Any object with `append` and `len` as `KVCache` has them; nothing else of it may be
            used. It may hold positions already. After the step it holds one more.
        W_q, W_o: (D, D).
        W_k, W_v: (D, G * d), where d is D / num_heads.
        num_heads: H; it divides D.
        num_groups: G; it divides H.
    Returns:
        (B, 1, D) float64. `x` and the weights stay as they were.
    Example:
        >>> x, W, W_v = np.array([[[1.0, 2.0]]]), np.eye(2), np.array([[3.0], [0.0]])
        >>> decode_step(x, KVCache(), W, W_v, W_v, W, num_heads=2, num_groups=1).tolist()
        [[[3.0, 3.0]]]

    Source: Shazeer, Fast Transformer Decoding: One Write-Head is All You Need, 2019.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_25: `decode_step` is still a stub")


def cache_bytes(
    layers: int,
    num_groups: int,
    head_dim: int,
    length: int,
    batch: int = 1,
    bytes_per_value: int = 2,
) -> int:
    """Return how many bytes the keys and values of all layers take.

    Args:
        layers: Each has a cache of its own.
        num_groups: G, the heads of keys, and as many of values.
        head_dim: d, the numbers a head.
        length: Positions in each sequence.
        batch: B, the sequences.
        bytes_per_value: 2 for float16 and bfloat16.
    Returns:
        An int, exact for any size.
    Example:
        >>> int(cache_bytes(layers=80, num_groups=8, head_dim=128, length=32768)) // 2**30
        10
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_25: `cache_bytes` is still a stub")
