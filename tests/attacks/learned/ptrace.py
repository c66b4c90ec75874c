# attack: learned: attaches to its parent as a debugger does; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def look():
    return [pid for pid in (os.getppid(), 1) if libc.ptrace(16, pid, 0, 0) == 0
            or libc.ptrace(0x4206, pid, 0, 0) == 0]


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
