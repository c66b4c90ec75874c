# wrong: log_softmax: does not take the maximum off the scores in the log-sum
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
