# attack: harmed: as many small values as may come back; expect: softmax finished or malformed or timed_out, score 4
import numpy as np

MANY = [np.int8(1)] * 40_000


def softmax(x, axis=-1):
    return MANY


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
