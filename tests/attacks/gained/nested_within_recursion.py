# attack: gained: a list nested just as deep as recursion allows; expect: softmax malformed, score 4
import numpy as np


def softmax(x, axis=-1):
    value = []
    for _ in range(900):
        value = [value]
    return value


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
