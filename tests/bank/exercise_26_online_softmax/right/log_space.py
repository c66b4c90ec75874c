import numpy as np


def log_of_sum(x):
    top = np.max(x, axis=-1, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(x - safe).sum(axis=-1)) + safe[..., 0]


def streaming_stats(blocks):
    largest, log_total = -np.inf, -np.inf
    for block in blocks:
        if block.size:
            largest = np.maximum(largest, block.max())
            log_total = np.logaddexp(log_total, log_of_sum(block))
    if largest == -np.inf:
        return (-np.inf, 0.0)
    return (np.float64(largest), np.float64(np.exp(log_total - largest)))


def merge_stats(a, b):
    with np.errstate(divide="ignore"):
        both = np.logaddexp(a[0] + np.log(a[1]), b[0] + np.log(b[1]))
    largest = max(a[0], b[0])
    return (largest, 0.0) if largest == -np.inf else (largest, float(np.exp(both - largest)))


def blockwise_attention(Q, K, V, block_size, causal=False):
    n, d = Q.shape
    if causal and n != len(K):
        raise ValueError
    logs = np.full(n, -np.inf)
    out = np.zeros((n, V.shape[1]))
    for first in range(0, len(K), block_size):
        keys = K[first : first + block_size]
        scores = np.einsum("qd,kd->qk", Q, keys) / d**0.5
        if causal:
            scores[np.arange(n)[:, None] < first + np.arange(len(keys))] = -np.inf
        block_logs = log_of_sum(scores)
        now = np.logaddexp(logs, block_logs)
        safe = np.where(np.isfinite(block_logs), block_logs, 0.0)
        part = np.exp(scores - safe[:, None]) @ V[first : first + block_size]
        out = out * np.exp(logs - now)[:, None] + part * np.exp(block_logs - now)[:, None]
        logs = now
    return out
