# right: an additional argument with a default, and in-place work on a copy
import numpy as np


def softmax(x, axis=-1, temperature=1.0):
    p = np.array(x, dtype=np.float64, copy=True)
    p /= temperature
    p -= np.amax(p, axis, keepdims=True)
    np.exp(p, out=p)
    p /= np.add.reduce(p, axis, keepdims=True)
    return p


def log_softmax(x, axis=-1, temperature=1.0):
    p = np.array(x, dtype=np.float64, copy=True)
    p /= temperature
    p -= np.amax(p, axis, keepdims=True)
    p -= np.log(np.add.reduce(np.exp(p), axis, keepdims=True))
    return p
