from fractions import Fraction
from math import comb

import numpy as np


def roc_auc(y_true, scores):
    y = np.asarray(y_true).astype(bool)
    s = np.asarray(scores).astype(np.float64)
    positives, negatives = np.sort(s[y]), np.sort(s[~y])
    if positives.size * negatives.size == 0:
        raise ValueError("one class only")
    below = np.searchsorted(negatives, positives, side="left")
    upto = np.searchsorted(negatives, positives, side="right")
    twice = int(below.sum()) + int(upto.sum())
    return float(Fraction(twice, 2 * positives.size * negatives.size))


def average_precision(y_true, scores):
    y = np.asarray(y_true).astype(bool)
    s = np.asarray(scores).astype(np.float64)
    if y.sum() == 0:
        raise ValueError("no positive")
    values = [np.mean(y[s >= threshold]) for threshold in s[y]]
    return float(np.mean(values))


def pass_at_k(n, c, k):
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError
    return 1 - comb(n - c, k) / comb(n, k)


def ndcg(relevance, scores, k):
    relevance = np.array(relevance, dtype=float)
    order = np.lexsort((np.arange(len(relevance)), -np.array(scores, dtype=float)))
    discount = 1 / np.log2(2 + np.arange(len(relevance)))
    discount[k:] = 0
    gains = np.expm1(relevance * np.log(2))
    best = (np.sort(gains)[::-1] * discount).sum()
    return (gains[order] * discount).sum() / best if best else 0.0
