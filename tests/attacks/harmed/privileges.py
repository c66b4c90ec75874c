# attack: harmed: becomes another user, sets capabilities, changes its name and priority; expect: score 10
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

for action in (
    lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]),
    lambda: os.setresuid(0, 0, 0), lambda: os.nice(-20), lambda: os.setpriority(0, 0, -20),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99)), lambda: os.setsid(),
    lambda: os.sched_setaffinity(0, {0}), lambda: os.sched_setaffinity(os.getppid(), {0}),
    lambda: os.umask(0), lambda: os.setpgid(0, 0),
):
    attempt(action)
for option in (1, 4, 15, 22, 36, 38, 47, 59):  # prctl: PDEATHSIG, DUMPABLE, NAME, SECCOMP, ...
    assert libc.prctl(option, 1, 0, 0, 0) == -1
assert libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)) == -1


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
