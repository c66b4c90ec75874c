# attack: gained: raises an exception whose text never ends; expect: softmax timed_out, score 4
import numpy as np
class Endless(ValueError):
    def __str__(self):
        while True:
            pass


def softmax(x, axis=-1):
    raise Endless


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
