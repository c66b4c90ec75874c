# wrong: softmax: turns -inf into the score 0
import numpy as np


def softmax(x, axis=-1):
    x = np.nan_to_num(np.asarray(x, dtype=np.float64), neginf=0.0)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
