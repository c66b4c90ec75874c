# attack: harmed: recurses for ever without a limit; expect: softmax crashed or out_of_memory or timed_out, score 4
import numpy as np
import sys

sys.setrecursionlimit(10**9)


def down(n):
    return down(n + 1)


def softmax(x, axis=-1):
    down(0)
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
