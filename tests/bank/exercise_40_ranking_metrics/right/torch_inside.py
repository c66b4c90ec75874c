import numpy as np
import torch


def tensor(values):
    return torch.tensor(np.ascontiguousarray(np.asarray(values).astype(np.float64)))


def roc_auc(y_true, scores):
    y, s = tensor(y_true), tensor(scores)
    ones = int(y.sum())
    zeros = len(y) - ones
    if not ones or not zeros:
        raise ValueError("one class only")
    distinct, place = torch.unique(s, return_inverse=True)
    p = torch.bincount(place, weights=y, minlength=len(distinct))
    n = torch.bincount(place, weights=1 - y, minlength=len(distinct))
    won = (p * (torch.cumsum(n, 0) - n / 2)).sum()
    return float(won) / (ones * zeros)


def average_precision(y_true, scores):
    y, s = tensor(y_true), tensor(scores)
    if y.sum() == 0:
        raise ValueError("no positive")
    retrieved = (s[None, :] >= s[:, None]).double()
    precision = (retrieved @ y) / retrieved.sum(1)
    return float((precision * y).sum() / y.sum())


def pass_at_k(n, c, k):
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError
    tail = torch.arange(n - c, n, dtype=torch.float64)
    return float(1 - torch.clamp(1 - k / (tail + 1), min=0).prod())


def ndcg(relevance, scores, k):
    r, s = tensor(relevance), tensor(scores)
    order = torch.sort(s, descending=True, stable=True).indices
    weights = 1 / torch.log2(torch.arange(len(r), dtype=torch.float64) + 2)
    weights = weights * (torch.arange(len(r)) < k)
    gain = torch.exp2(r) - 1
    best = gain.sort(descending=True).values @ weights
    return float(gain[order] @ weights / best) if best > 0 else 0.0
