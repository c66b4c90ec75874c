# wrong: average_precision: counts hits in int8
import numpy as np


def roc_auc(y_true, scores):
    positive = np.asarray(y_true) == 1
    scores = np.asarray(scores, dtype=np.float64)
    P = int(positive.sum())
    N = len(positive) - P
    if P == 0 or N == 0:
        raise ValueError("both classes have to occur")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    below = rank[place][positive].sum() - P * (P + 1) / 2
    return float(below / (P * N))


def average_precision(y_true, scores):
    positive = np.asarray(y_true) == 1
    scores = np.asarray(scores, dtype=np.float64)
    if not positive.any():
        raise ValueError("there has to be a positive")
    order = np.argsort(-scores)
    ranked = scores[order]
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    found = np.cumsum(positive[order].astype(np.int8), dtype=np.int8)[last]
    precision = found / (last + 1)
    gain = np.diff(found, prepend=0) / positive.sum()
    return float((gain * precision).sum())


def pass_at_k(n, c, k):
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError("0 <= c <= n and 1 <= k <= n")
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def ndcg(relevance, scores, k):
    gain = 2.0 ** np.asarray(relevance, dtype=np.float64) - 1.0
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")[:k]
    ideal = np.sort(gain)[::-1][:k]
    discount = 1.0 / np.log2(np.arange(2, len(ideal) + 2))
    best = float(ideal @ discount)
    return float(gain[order] @ discount) / best if best > 0 else 0.0
