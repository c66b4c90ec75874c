# wrong: log_softmax: adds 1e-12 before the log, so nothing is below -27.6
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.log(weights / weights.sum(axis=axis, keepdims=True) + 1e-12)
