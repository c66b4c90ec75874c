import bisect
import math


def roc_auc(y_true, scores):
    ones = sorted(float(s) for y, s in zip(y_true, scores) if y)
    zeros = sorted(float(s) for y, s in zip(y_true, scores) if not y)
    if not ones or not zeros:
        raise ValueError("one class only")
    won = sum(bisect.bisect_left(zeros, s) + bisect.bisect_right(zeros, s) for s in ones)
    return 0.5 * won / (len(ones) * len(zeros))


def average_precision(y_true, scores):
    ones = sorted(float(s) for y, s in zip(y_true, scores) if y)
    every = sorted(map(float, scores))
    if not ones:
        raise ValueError("no positive")

    def at_least(values, s):
        return len(values) - bisect.bisect_left(values, s)

    return math.fsum(at_least(ones, s) / at_least(every, s) for s in ones) / len(ones)


def pass_at_k(n, c, k):
    if min(c, k - 1, n - c, n - k) < 0:
        raise ValueError("impossible")
    result = none = 1
    for i in range(k):
        none *= n - c - i
        result *= n - i
    return (result - max(none, 0)) / result if n - c >= k else 1.0


def ndcg(relevance, scores, k):
    ranked = [i for _, i in sorted((-float(s), i) for i, s in enumerate(scores))]
    gains = [2.0 ** float(r) - 1 for r in relevance]
    top, best = 0.0, 0.0
    for rank, (i, gain) in enumerate(zip(ranked, sorted(gains, reverse=True)), start=1):
        if rank > k:
            break
        top += gains[i] / math.log2(rank + 1)
        best += gain / math.log2(rank + 1)
    return top / best if best > 0 else 0.0
