# attack: harmed: leaves shared memory, semaphores and queues behind; expect: score 10
import numpy as np
def attempt(action):
    try:
        return action()
    except BaseException:
        return None

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

from multiprocessing import shared_memory

attempt(lambda: shared_memory.SharedMemory("kit_attack_shm", create=True, size=1 << 20))
libc.shm_open(b"/kit_attack_shm_c", 0o102, 0o644)
libc.sem_open(b"/kit_attack_sem", 0o100, 0o644, 1)
libc.mq_open(b"/kit_attack_mq", 0o102, 0o644, None)
assert libc.shmget(0x6B6974, 4096, 0o1666) == -1
assert libc.semget(0x6B6974, 1, 0o1666) == -1
assert libc.msgget(0x6B6974, 0o1666) == -1
assert libc.memfd_create(b"kit_attack", 0) == -1


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
