# attack: learned: opens folders with O_PATH and goes on from there; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def look():
    for folder in ("/", "/etc", "COURSE/graders", "/root"):
        try:
            descriptor = os.open(folder, os.O_PATH)
        except OSError:
            continue
        for name in ("passwd", "etc/passwd", "exercise_05_softmax.py", ".bashrc"):
            try:
                return os.open(name, os.O_RDONLY, dir_fd=descriptor)
            except OSError:
                pass
            try:
                return os.listdir(descriptor)
            except OSError:
                pass
    return None


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
