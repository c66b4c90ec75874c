# attack: learned: lists folders that are none of its business; expect: score 10
import numpy as np
import os
import sys


def look():
    here = os.getcwd()
    if os.listdir(here) or os.listdir("."):
        return here
    site = os.path.dirname(os.path.dirname(np.__file__))
    for folder in ("/", "/tmp", "/root", "/home", "COURSE", "COURSE/graders", "..", "/proc", "/sys",
                   "/dev", "/dev/shm", "/etc", "/var", "/run", site, sys.prefix):
        try:
            return folder, os.listdir(folder)
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
