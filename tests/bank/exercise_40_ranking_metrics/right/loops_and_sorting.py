import math


def groups(y_true, scores):
    """Positives and samples at each distinct score, from the highest."""
    table = {}
    for label, score in zip(y_true, scores):
        entry = table.setdefault(float(score), [0, 0])
        entry[0] += int(label)
        entry[1] += 1
    return [table[score] for score in sorted(table, reverse=True)]


def roc_auc(y_true, scores):
    found = groups(y_true, scores)
    positives = sum(p for p, _ in found)
    negatives = sum(n for _, n in found) - positives
    if positives == 0 or negatives == 0:
        raise ValueError("one class only")
    area, above = 0.0, 0
    for p, n in found:
        area += (n - p) * (above + p / 2)
        above += p
    return area / positives / negatives


def average_precision(y_true, scores):
    found = groups(y_true, scores)
    positives = sum(p for p, _ in found)
    if positives == 0:
        raise ValueError("no positive")
    total = hits = seen = 0
    for p, n in found:
        hits += p
        seen += n
        total += p * hits / seen
    return total / positives


def pass_at_k(n, c, k):
    if c < 0 or c > n or k < 1 or k > n:
        raise ValueError("impossible")
    none = 1.0
    for i in range(k):
        none *= max(n - c - i, 0) / (n - i)
    return 1.0 - none


def ndcg(relevance, scores, k):
    pairs = sorted(zip(map(float, scores), map(float, relevance)), key=lambda pair: -pair[0])

    def gain(values):
        return sum((2**value - 1) / math.log2(rank) for rank, value in enumerate(values[:k], 2))

    best = gain(sorted((value for _, value in pairs), reverse=True))
    if best == 0:
        return 0.0
    return gain([value for _, value in pairs]) / best
