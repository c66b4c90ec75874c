# attack: learned: reads the arguments that Python was started with; expect: score 10
import numpy as np
import ctypes
import sys


def look():
    found = [text for text in sys.argv + sys.orig_argv[6:] if "grader" in text]
    return found


found = None
try:
    found = look()
except BaseException:
    pass


def softmax(x, axis=-1):
    here = None
    try:
        here = look()
    except BaseException:
        pass
    if found or here:
        raise RuntimeError(f"LEAK {found!r} {here!r}")
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
