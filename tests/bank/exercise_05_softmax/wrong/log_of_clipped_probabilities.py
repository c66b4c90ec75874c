# wrong: log_softmax: clips probabilities at the smallest float before the log
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    probabilities = weights / weights.sum(axis=axis, keepdims=True)
    return np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
