# attack: harmed: objects whose finalizers loop for ever; expect: softmax timed_out, score 4
import numpy as np
class Sticky:
    def __del__(self):
        while True:
            pass


def softmax(x, axis=-1):
    Sticky()
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
