# wrong: log_softmax: sums over the first 256 classes only
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    s = x - x.max(axis=axis, keepdims=True)
    some = np.take(np.exp(s), range(min(256, s.shape[axis])), axis=axis)
    return s - np.log(some.sum(axis=axis, keepdims=True))
