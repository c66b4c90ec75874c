# attack: learned: looks who else is running, by signals, sessions and groups; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def look():
    found = []
    for pid in {1, os.getppid(), *range(2, 400)} - {os.getpid()}:
        for ask in (lambda: os.kill(pid, 0), lambda: os.getpgid(pid), lambda: os.getsid(pid),
                    lambda: os.sched_getscheduler(pid), lambda: os.getpriority(0, pid)):
            try:
                ask()
                found.append(pid)
            except OSError:
                pass
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
