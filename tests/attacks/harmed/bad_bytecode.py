# attack: harmed: runs a code object that makes no sense; expect: softmax crashed or timed_out or finished, score 4
import numpy as np


def softmax(x, axis=-1):
    code = softmax.__code__
    exec(code.replace(co_code=bytes(range(2, 250, 2)) * 2, co_stacksize=0))
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
