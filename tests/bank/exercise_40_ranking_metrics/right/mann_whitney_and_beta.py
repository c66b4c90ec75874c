import numpy as np
import scipy.stats


def roc_auc(y_true, scores):
    y = np.asarray(y_true) > 0.5
    s = np.asarray(scores, dtype="float64")
    if y.all() or not y.any():
        raise ValueError("two classes, please")
    statistic = scipy.stats.mannwhitneyu(s[y], s[~y], method="asymptotic").statistic
    return statistic / y.sum() / (~y).sum()


def average_precision(y_true, scores):
    y = np.asarray(y_true) > 0.5
    s = np.asarray(scores, dtype="float64")
    if not y.any():
        raise ValueError("a positive, please")
    thresholds = np.unique(s)[::-1]
    kept = s[None, :] >= thresholds[:, None]
    tp = (kept & y).sum(axis=1)
    recall = np.insert(tp / y.sum(), 0, 0.0)
    return np.diff(recall) @ (tp / kept.sum(axis=1))


def pass_at_k(n, c, k):
    if c < 0 or k < 1 or max(c, k) > n:
        raise ValueError
    if c + k > n:
        return 1.0
    i = np.arange(k)
    return float(-np.expm1(np.sum(np.log1p(-c / (n - i)))))


def ndcg(relevance, scores, k):
    relevance = np.asarray(relevance, dtype=np.float64)
    scores = np.asarray(scores, dtype=np.float64)
    # Each sample's rank: how many are above it, or equal and before it.
    before = np.tri(len(scores), k=-1, dtype=bool)
    above = (scores[None] > scores[:, None]) | ((scores[None] == scores[:, None]) & before)
    rank = 1 + above.sum(axis=1)
    gain = np.power(2, relevance) - 1
    got = np.where(rank <= k, gain / np.log2(rank + 1), 0).sum()
    places = np.arange(1, len(gain) + 1)
    best = np.where(places <= k, np.sort(gain)[::-1] / np.log2(places + 1), 0).sum()
    return got / best if best else 0.0
