# wrong: ndcg: treats an ideal gain below 1 as none
import numpy as np
from numpy.typing import ArrayLike


def roc_auc(y_true: ArrayLike, scores: ArrayLike) -> float:
    """Share of the pairs (positive, negative) that are in order; ties count half."""
    positive = np.asarray(y_true) == 1  # (N,), bool, whatever came
    P = int(positive.sum())
    N = len(positive) - P
    if P == 0 or N == 0:
        raise ValueError("both classes have to occur")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    # Equal scores share the mean of their ranks: the last of them less half of the others.
    rank = np.cumsum(count) - (count - 1) / 2  # (distinct scores,)
    # The ranks 1 + 2 + ... + P are what positives owe to one another.
    below = rank[place][positive].sum() - P * (P + 1) / 2
    return float(below / (P * N))


def average_precision(y_true: ArrayLike, scores: ArrayLike) -> float:
    """Precision at each distinct threshold, weighed by the recall gained there."""
    positive = np.asarray(y_true) == 1
    scores = np.asarray(scores, dtype=np.float64)
    if not positive.any():
        raise ValueError("there has to be a positive")
    order = np.argsort(-scores)
    ranked = scores[order]
    # A threshold lies behind the last of equal scores, so their order does not matter.
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    found = np.cumsum(positive[order])[last]  # (distinct scores,)
    precision = found / (last + 1)
    gain = np.diff(found, prepend=0) / positive.sum()
    return float((gain * precision).sum())


def pass_at_k(n: int, c: int, k: int) -> float:
    """One minus C(n - c, k) / C(n, k), as a product."""
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError("0 <= c <= n and 1 <= k <= n")
    if n - c < k:
        return 1.0  # fewer wrong ones than are drawn
    # C(n - c, k) / C(n, k): all but c factors of the factorials cancel.
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def ndcg(relevance: ArrayLike, scores: ArrayLike, k: int) -> float:
    """Discounted gain of the order by score, over that of the ideal order."""
    # float64 first: 2**8 is 0 in uint8, and so is the order of negated scores.
    gain = 2.0 ** np.asarray(relevance, dtype=np.float64) - 1.0  # (N,)
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")[:k]
    ideal = np.sort(gain)[::-1][:k]  # the best k of all, not of those retrieved
    discount = 1.0 / np.log2(np.arange(2, len(ideal) + 2))  # rank 1 has log2(2) = 1
    best = float(ideal @ discount)
    return float(gain[order] @ discount) / best if best >= 1 else 0.0
