import itertools
import math

import numpy as np


def steps(y_true, scores):
    """(positives, samples) of each distinct score, highest first."""
    pairs = sorted(zip(np.asarray(scores, float).tolist(), np.asarray(y_true, float).tolist()))
    for _, group in itertools.groupby(reversed(pairs), key=lambda pair: pair[0]):
        labels = [label for _, label in group]
        yield sum(labels), len(labels)


def roc_auc(y_true, scores):
    total = np.asarray(y_true, dtype=np.float64)
    P, N = total.sum(), (1 - total).sum()
    if P * N == 0:
        raise ValueError("only one class")
    area = tpr = 0.0
    for positives, samples in steps(y_true, scores):
        step = positives / P
        area += (samples - positives) / N * (tpr + step / 2)
        tpr += step
    return np.float64(area)


def average_precision(y_true, scores):
    P = np.count_nonzero(y_true)
    if P == 0:
        raise ValueError("no positive")
    tp = seen = 0
    terms = []
    for positives, samples in steps(y_true, scores):
        tp, seen = tp + positives, seen + samples
        terms.append(positives / P * (tp / seen))
    return math.fsum(terms)


def pass_at_k(n, c, k):
    valid = 0 <= c <= n and 1 <= k <= n
    if not valid:
        raise ValueError(f"{n=}, {c=}, {k=}")
    failing = 1.0
    # As many factors as the smaller of the two has.
    few, many = sorted((c, k))
    for i in range(few):
        failing *= (n - many - i) / (n - i) if n - many > i else 0.0
    return 1.0 - failing


def ndcg(relevance, scores, k):
    r = [float(each) for each in relevance]
    s = [float(each) for each in scores]
    k = min(k, len(r))
    if max(r) <= 0:
        return 0.0
    # Pick the best that is left, k times; max takes the first of equals.
    left, got = list(range(len(s))), 0.0
    for rank in range(1, k + 1):
        best = max(left, key=s.__getitem__)
        left.remove(best)
        got += math.expm1(r[best] * math.log(2)) / math.log(rank + 1)
    ideal = sum(math.expm1(x * math.log(2)) / math.log(i + 2)
                for i, x in enumerate(sorted(r)[::-1][:k]))
    return got / ideal
