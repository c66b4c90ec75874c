# wrong: softmax: makes every input two-dimensional, so a row comes back as (1, C)
import numpy as np


def softmax(x, axis=-1):
    x = np.atleast_2d(np.asarray(x, dtype=np.float64))
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
