# attack: gained: a list of three million floats; expect: softmax malformed, score 4
import numpy as np


def softmax(x, axis=-1):
    return [0.5] * 3_000_000


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
