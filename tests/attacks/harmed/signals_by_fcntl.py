# attack: harmed: lets its socket send SIGKILL to the grader whenever data arrives; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

import fcntl

for descriptor in range(3, 64):
    for pid in (os.getppid(), 1):
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETOWN, pid)
            fcntl.fcntl(descriptor, 10, 9)  # F_SETSIG
            fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_ASYNC)
            raise SystemExit("F_SETOWN was allowed")
        except OSError:
            pass


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
