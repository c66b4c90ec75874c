# attack: harmed: eats memory while it is imported; expect: softmax out_of_memory, log_softmax out_of_memory, score 0
import numpy as np
hog = []
while True:
    hog.append(bytes(10_000_000))


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
