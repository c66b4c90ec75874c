# attack: harmed: a constant expression that the compiler would fold for ever; expect: softmax finished or timed_out or out_of_memory or crashed, score 4
import numpy as np


def softmax(x, axis=-1):
    eval(compile('-' * 200_000 + '1', 'x', 'eval'))
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
