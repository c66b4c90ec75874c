# right: long doubles, summed from the smallest weight up
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x).astype(np.longdouble)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    total = np.sort(weights, axis=axis).sum(axis=axis, keepdims=True)
    return (weights / total).astype(np.float64)


def log_softmax(x, axis=-1):
    x = np.asarray(x).astype(np.longdouble)
    shifted = x - x.max(axis=axis, keepdims=True)
    total = np.sort(np.exp(shifted), axis=axis).sum(axis=axis, keepdims=True)
    return (shifted - np.log(total)).astype(np.float64)
