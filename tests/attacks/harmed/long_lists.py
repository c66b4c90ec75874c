# attack: harmed: a list of a million floats, again and again; expect: softmax finished or malformed, score 4
import numpy as np

LONG = [0.5] * 2**20


def softmax(x, axis=-1):
    return LONG


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
