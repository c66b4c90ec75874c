# attack: learned: opens files by openat2, handles, io_uring, keyctl, bpf and perf; expect: score 10
import numpy as np
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def look():
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    path = ctypes.c_char_p(b"/etc/passwd")
    space = ctypes.create_string_buffer(256)
    results = {
        "openat2": libc.syscall(437, -100, path, how, 24),
        "open_by_handle_at": libc.syscall(304, -100, space, 0),
        "io_uring_setup": libc.syscall(425, 4, space),
        "keyctl": libc.syscall(250, 0, -3, 0),
        "bpf": libc.syscall(321, 0, space, 64),
        "perf_event_open": libc.syscall(298, space, 0, -1, -1, 0),
        "userfaultfd": libc.syscall(323, 1),
        "execve": libc.syscall(59, ctypes.c_char_p(b"/bin/true"), 0, 0),
        "mount": libc.syscall(165, path, path, path, 0, 0),
        "unshare": libc.syscall(272, 0x10000000),
        "chroot": libc.syscall(161, path),
        "setns": libc.syscall(308, 3, 0),
        "kcmp": libc.syscall(312, os.getpid(), os.getppid(), 0, 3, 3),
        "memfd_create": libc.syscall(319, path, 0),
        "inotify_init": libc.syscall(253),
        "fanotify_init": libc.syscall(300, 0, 0),
        "landlock_create_ruleset": libc.syscall(444, 0, 0, 1),
    }
    return {name: result for name, result in results.items() if result >= 0}


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
