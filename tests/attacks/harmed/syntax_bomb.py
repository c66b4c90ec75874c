# attack: harmed: a source text that the parser cannot stomach; expect: softmax finished or crashed or out_of_memory, log_softmax finished or crashed or out_of_memory, score 0
import numpy as np
exec('(' * 100_000)


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
