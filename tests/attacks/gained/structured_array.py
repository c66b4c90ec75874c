# attack: gained: an array of a structured dtype; expect: softmax malformed, score 4
import numpy as np


def softmax(x, axis=-1):
    return np.zeros(3, dtype=[('a', 'f8'), ('b', 'O')])


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
