# attack: harmed: lifts its limits, as root could; expect: score 10
import numpy as np
import os


def attempt(action):
    try:
        return action()
    except BaseException:
        return None

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

import resource

for kind in range(16):
    attempt(lambda: resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    attempt(lambda: resource.prlimit(os.getppid(), kind, (0, 0)))
    attempt(lambda: resource.prlimit(os.getppid(), kind))
assert resource.getrlimit(resource.RLIMIT_AS)[1] != resource.RLIM_INFINITY
assert resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0)


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
