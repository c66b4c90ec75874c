# attack: harmed: callbacks of the collector that eat memory and time; expect: softmax timed_out or out_of_memory, score 4
import numpy as np
import gc


def softmax(x, axis=-1):
    gc.callbacks.append(lambda *_: [None] * 10**7 and None)
    while True:
        [[] for _ in range(1000)]
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
