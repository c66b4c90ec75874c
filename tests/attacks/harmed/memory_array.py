# attack: harmed: fills one array after the other; expect: softmax out_of_memory, score 4, says it used more than
import numpy as np


def softmax(x, axis=-1):
    hog = []
    while True:
        hog.append(np.ones(8_000_000))
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
