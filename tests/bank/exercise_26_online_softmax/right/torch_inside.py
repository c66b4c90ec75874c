import math

import numpy as np
import torch


class Stats:
    def __init__(self):
        self.top, self.total = -math.inf, 0.0

    def add(self, top, total):
        if total > 0:
            new = max(self.top, top)
            self.total = self.total * math.exp(self.top - new) + total * math.exp(top - new)
            self.top = new

    def pair(self):
        return self.top, self.total


def streaming_stats(blocks):
    stats = Stats()
    for block in blocks:
        scores = torch.tensor(np.array(block), dtype=torch.float64)
        scores = scores[scores > -math.inf]
        if scores.numel():
            stats.add(scores.max().item(), (scores - scores.max()).exp().sum().item())
    return stats.pair()


def merge_stats(a, b):
    stats = Stats()
    stats.add(*a)
    stats.add(*b)
    return stats.pair()


def blockwise_attention(Q, K, V, block_size, causal=False):
    Q, K, V = (torch.tensor(np.array(x), dtype=torch.float64) for x in (Q, K, V))
    if causal and len(Q) != len(K):
        raise ValueError("lengths")
    log_total = torch.full((len(Q), 1), -math.inf, dtype=torch.float64)
    out = torch.zeros(len(Q), V.shape[1], dtype=torch.float64)
    for start in range(0, len(K), block_size):
        keys, values = K[start : start + block_size], V[start : start + block_size]
        scores = Q @ keys.T / math.sqrt(Q.shape[1])
        if causal:
            ahead = torch.arange(start, start + len(keys)) > torch.arange(len(Q))[:, None]
            scores = scores.masked_fill(ahead, -math.inf)
        new = torch.logaddexp(log_total, scores.logsumexp(1, keepdim=True))
        out = out * (log_total - new).exp() + (scores - new).exp() @ values
        log_total = new
    return out.numpy()
