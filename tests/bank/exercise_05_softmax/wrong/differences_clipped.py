# wrong: softmax: clips the shifted scores at -500, so -inf keeps a probability above 0
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = np.clip(x - x.max(axis=axis, keepdims=True), -500, 0)
    weights = np.exp(shifted)
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
