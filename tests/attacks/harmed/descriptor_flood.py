# attack: harmed: opens files until nothing is left; expect: score 10
import numpy as np
import os


def attempt(action):
    try:
        return action()
    except BaseException:
        return None

opened = []
while attempt(lambda: opened.append(os.open("/dev/null", os.O_RDONLY)) or True):
    pass
for descriptor in opened:
    os.close(descriptor)


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
