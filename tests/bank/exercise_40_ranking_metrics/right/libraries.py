import numpy as np
from scipy.stats import hypergeom, rankdata
from sklearn.metrics import average_precision_score, ndcg_score


def roc_auc(y_true, scores):
    y, scores = np.asarray(y_true, dtype=int), np.asarray(scores, dtype=float)
    if len(np.unique(y)) < 2:
        raise ValueError("one class only")
    ones = y.sum()
    above = rankdata(scores)[y == 1].sum() - ones * (ones + 1) / 2
    return above / ones / (len(y) - ones)


def average_precision(y_true, scores):
    y = np.asarray(y_true, dtype=int)
    if not y.any():
        raise ValueError("no positive")
    # Ranks keep the order and the ties of what is too large or too near for a difference.
    return float(average_precision_score(y, rankdata(scores)))


def pass_at_k(n, c, k):
    if c < 0 or c > n or k < 1 or k > n:
        raise ValueError("impossible")
    none = 1.0
    for i in range(n - c + 1, n + 1):
        none *= 1 - k / i if i > k else 0.0
    return 1 - none


def ndcg(relevance, scores, k):
    relevance = np.asarray(relevance, dtype=float)
    gains = (np.exp2(relevance) - 1)[None]
    if not gains.any():
        return 0.0
    if len(relevance) == 1:
        return 1.0
    # No ties are left: places in a stable order.
    order = np.argsort(-np.asarray(scores, dtype=float), kind="mergesort")
    places = np.empty(len(order))
    places[order] = -np.arange(len(order))
    return float(ndcg_score(gains, places[None], k=k))
