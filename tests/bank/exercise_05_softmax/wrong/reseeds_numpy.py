# wrong: softmax: reseeds NumPy's global generator
import numpy as np


def softmax(x, axis=-1):
    sx = np.asarray(x, dtype=np.float64)
    np.random.seed(0)
    sz = sx - sx.max(axis=axis, keepdims=True)
    se = np.exp(sz)
    return se / se.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    lx = np.asarray(x, dtype=np.float64)
    lz = lx - lx.max(axis=axis, keepdims=True)
    return lz - np.log(np.exp(lz).sum(axis=axis, keepdims=True))
