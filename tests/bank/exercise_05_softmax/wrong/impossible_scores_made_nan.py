# wrong: softmax: multiplies scores by a mask, and 0 times -inf is nan
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    possible = x > -np.inf
    weights = np.exp((x - x.max(axis=axis, keepdims=True)) * possible) * possible
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
