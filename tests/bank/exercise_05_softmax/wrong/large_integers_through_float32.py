# wrong: softmax: takes whole numbers through float32, where 2**24 and 2**24 + 1 are equal
import numpy as np


def softmax(x, axis=-1):
    sx = np.asarray(x)
    sx = sx.astype(np.float32).astype(float) if sx.dtype.kind in "iu" else sx.astype(float)
    sz = sx - sx.max(axis=axis, keepdims=True)
    se = np.exp(sz)
    return se / se.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    lx = np.asarray(x, dtype=np.float64)
    lz = lx - lx.max(axis=axis, keepdims=True)
    return lz - np.log(np.exp(lz).sum(axis=axis, keepdims=True))
