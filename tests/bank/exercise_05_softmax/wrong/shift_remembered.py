# wrong: softmax: keeps the shift of its first call for scores of the same shape
import numpy as np


_shifts = {}


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    key = (x.shape, axis)
    if key not in _shifts:
        largest = x.max(axis=axis, keepdims=True)
        _shifts[key] = largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))
    return np.exp(x - _shifts[key])


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
