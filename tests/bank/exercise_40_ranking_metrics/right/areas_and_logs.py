import numpy as np


def curve(y_true, scores):
    """Positives and samples retrieved, at each distinct threshold."""
    y = np.array(y_true, dtype=np.float64)
    s = np.array(scores, dtype=np.float64)
    order = np.argsort(s)[::-1]
    y, s = y[order], s[order]
    keep = np.r_[s[:-1] > s[1:], True]
    return np.cumsum(y)[keep], np.arange(1.0, len(y) + 1)[keep]


def roc_auc(y_true, scores):
    hits, seen = curve(y_true, scores)
    alarms = seen - hits
    if hits[-1] == 0 or alarms[-1] == 0:
        raise ValueError("one class only")
    tpr, fpr = np.r_[0, hits / hits[-1]], np.r_[0, alarms / alarms[-1]]
    return np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2)


def average_precision(y_true, scores):
    hits, seen = curve(y_true, scores)
    if hits[-1] == 0:
        raise ValueError("no positive")
    recall = np.concatenate([[0.0], hits / hits[-1]])
    return np.dot(np.diff(recall), hits / seen)


def pass_at_k(n, c, k):
    if n < 0 or not (c in range(n + 1) and k in range(1, n + 1)):
        raise ValueError("impossible")
    if c == 0:
        return 0.0
    if k > n - c:
        return 1.0
    shorter = min(c, k)
    longer = max(c, k)
    return -np.expm1(np.log1p(-longer / np.arange(n - shorter + 1, n + 1)).sum())


def ndcg(relevance, scores, k):
    relevance = np.array(relevance, dtype=np.float64)
    scores = np.array(scores, dtype=np.float64)
    backwards = np.argsort(scores[::-1], kind="stable")[::-1]
    order = len(scores) - 1 - backwards
    weights = np.log(2) / np.log(np.arange(len(scores)) + 2)

    def total(order):
        return np.einsum("i,i", (2**relevance - 1)[order][:k], weights[:k])

    best = total(np.argsort(-relevance))
    return total(order) / best if best > 0 else 0.0
