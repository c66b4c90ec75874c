# right: means over the positives by searchsorted, the place of the first correct sample, selection of the best
import numpy as np


def counts_at_or_above(values, scores):
    values = np.sort(values)
    return len(values) - np.searchsorted(values, scores, side="left")


def roc_auc(y_true, scores):
    y, s = np.asarray(y_true, float), np.asarray(scores, float)
    high, low = s[y == 1], np.sort(s[y == 0])
    if not len(high) * len(low):
        raise ValueError
    twice = [np.searchsorted(low, high, side=side).sum() for side in ("left", "right")]
    return sum(twice) * 0.5 / len(high) / len(low)


def average_precision(y_true, scores):
    y, s = np.asarray(y_true, float), np.asarray(scores, float)
    high = s[y == 1]
    if high.size == 0:
        raise ValueError
    # every positive sees the precision at its own score
    return np.mean(counts_at_or_above(high, high) / counts_at_or_above(s, high))


def pass_at_k(n, c, k):
    if c < 0 or n < c or k < 1 or n < k:
        raise ValueError
    found, none_yet = 0.0, 1.0
    for seen in range(k):
        share = min(1.0, c / (n - seen))
        found += none_yet * share
        if (none_yet := none_yet * (1.0 - share)) <= 0.0:
            break
    return min(found, 1.0)


def ndcg(relevance, scores, k):
    r, s = np.asarray(relevance, float).tolist(), np.asarray(scores, float).tolist()
    left, taken = list(range(len(s))), []
    while left and len(taken) < k:
        best = max(left, key=lambda i: (s[i], -i))
        left.remove(best)
        taken.append(np.expm1(r[best] * np.log(2.0)))
    log = np.log(np.arange(2, len(taken) + 2))
    ideal = (np.expm1(np.sort(r)[::-1][: len(taken)] * np.log(2.0)) / log).sum()
    return 0.0 if ideal == 0 else float((np.array(taken) / log).sum() / ideal)
