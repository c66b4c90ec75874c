# attack: harmed: opens sockets of every family, listens, sends datagrams; expect: score 10
import numpy as np
import socket


def attempt(action):
    try:
        return action()
    except BaseException:
        return None

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

for family in range(46):
    for kind in (1, 2, 3, 5):
        attempt(lambda: socket.socket(family, kind).bind(("127.0.0.1", 47474)))
        assert libc.socket(family, kind, 0) == -1
        assert libc.socketpair(family, kind, 0, (ctypes.c_int * 2)()) == -1
attempt(lambda: socket.create_server(("0.0.0.0", 47474)))
attempt(lambda: socket.socketpair())
attempt(lambda: socket.socket(socket.AF_UNIX).bind("CANARIES/kit_attack_socket"))
attempt(lambda: socket.socket(socket.AF_UNIX).bind("\0kit_attack_abstract"))


def softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    weights = np.exp(x - x.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
