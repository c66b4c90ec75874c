# attack: learned: attaches to shared memory, message queues and semaphores of others; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def look():
    found = [number for number in range(64) if libc.shmat(number, None, 0o10000) not in (-1, None)]
    found += [key for key in range(1, 64) if libc.shmget(key, 1, 0) >= 0]
    found += [key for key in range(1, 64) if libc.msgget(key, 0) >= 0]
    found += [key for key in range(1, 64) if libc.semget(key, 1, 0) >= 0]
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
