# attack: harmed: changes modes and times by system call; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

path = b"CANARIES/file"
RESULTS = [
    libc.chmod(path, 0o777), libc.utimes(path, None), libc.truncate(path, 0), libc.unlink(path),
    libc.setxattr(path, b"user.kit_attack", b"x", 1, 0), libc.rename(path, path + b".kit_attack"),
    libc.chdir(b"CANARIES/folder"), libc.rmdir(b"."), libc.flock(0, 2), libc.mknod(b"kit_attack", 0o644, 0),
]
assert set(RESULTS) == {-1}, RESULTS


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
