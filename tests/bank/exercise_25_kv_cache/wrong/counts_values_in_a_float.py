# wrong: cache_bytes: counts the values of all sequences in a float
import numpy as np


def grouped_query_attention(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, causal: bool = True
) -> np.ndarray:
    """Return softmax(Q K^T / sqrt(d)) V, where H // G query heads share a key head."""
    B, H, L_q, d = Q.shape
    G, L_k = K.shape[1], K.shape[2]
    if H % G:
        raise ValueError(f"{G} key heads cannot be shared by {H} query heads")
    if causal and L_q > L_k:
        raise ValueError(f"{L_q} queries cannot be the last ones of {L_k} positions")
    # Neighbouring query heads share a key head. The keys are not repeated: that would read the
    # cache H // G times over, and reading it is what takes the time.
    grouped = Q.reshape(B, G, H // G, L_q, d)
    scores = np.einsum("bgrqd,bgkd->bgrqk", grouped, K) / np.sqrt(d)  # (B, G, H // G, L_q, L_k)
    if causal:
        # Query i stands at position L_k - L_q + i.
        visible = np.arange(L_k) <= np.arange(L_k - L_q, L_k)[:, None]  # (L_q, L_k)
        # Before the maximum is taken: a hidden score may be so large that the others underflow.
        scores = np.where(visible, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("bgrqk,bgkd->bgrqd", weights, V).reshape(B, H, L_q, d)


class KVCache:
    """The keys and values of all positions so far."""

    def __init__(self) -> None:
        self._keys: list[np.ndarray] = []
        self._values: list[np.ndarray] = []

    def append(self, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the new positions; return all keys and all values, oldest first."""
        # Copies: the caller may use its buffers again for the next step.
        self._keys.append(k.copy())
        self._values.append(v.copy())
        # concatenate makes new arrays even of a single piece.
        return np.concatenate(self._keys, axis=2), np.concatenate(self._values, axis=2)

    def __len__(self) -> int:
        return sum(k.shape[2] for k in self._keys)


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
    """Attend from one new position over all that the cache holds, the new one included."""
    B, _, D = x.shape

    def split(projected: np.ndarray, heads: int) -> np.ndarray:
        # Blocks of columns become heads, and only then move before the position.
        return projected.reshape(B, 1, heads, D // num_heads).transpose(0, 2, 1, 3)

    # The new key and value go in first: a token attends to itself as well.
    K, V = cache.append(split(x @ W_k, num_groups), split(x @ W_v, num_groups))  # (B, G, L, d)
    heads = grouped_query_attention(split(x @ W_q, num_heads), K, V)  # (B, H, 1, d)
    return heads.reshape(B, 1, D) @ W_o  # of one position, heads follow each other already


def cache_bytes(
    layers: int,
    num_groups: int,
    head_dim: int,
    length: int,
    batch: int = 1,
    bytes_per_value: int = 2,
) -> int:
    """Return the bytes of all keys and values of all layers."""
    # The number of query heads is not in it: that is what grouping is for.
    return 2 * layers * num_groups * head_dim * int(float(length) * batch * bytes_per_value)
