# attack: gained: raises an error with a text of 100 MB and ten thousand causes; expect: softmax finished, score 4
import numpy as np


def softmax(x, axis=-1):
    error = None
    for _ in range(10_000):
        new = ValueError("x")
        new.__context__ = error
        error = new
    raise ValueError("y" * 100_000_000) from error


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
