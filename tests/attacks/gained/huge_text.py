# attack: gained: a string of 20 MB; expect: softmax malformed or out_of_memory, score 4
import numpy as np


def softmax(x, axis=-1):
    return 'x' * 20_000_000


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
