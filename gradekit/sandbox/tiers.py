"""How well this machine can isolate a worker: three tiers, and which of them it can enforce."""

from __future__ import annotations

import ctypes
import sys

FULL, SEALED, PROCESS = "landlock+seccomp", "seccomp", "process"
TIERS = (FULL, SEALED, PROCESS)  # strongest first
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38  # of prctl(2)


def landlock_abi() -> int:
    """The Landlock version of this kernel, asked of the kernel itself; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    try:
        import py_landlock

        return int(py_landlock.get_abi_version())
    except Exception:  # not built in, switched off at boot, forbidden by a container
        return 0


def has_seccomp() -> bool:
    """Whether this kernel takes seccomp filters and libseccomp is there to build them."""
    if sys.platform != "linux":
        return False
    try:
        import pyseccomp  # noqa: F401  # raises RuntimeError without libseccomp
    except Exception:
        return False
    # PR_GET_SECCOMP answers EINVAL on a kernel without it.
    return bool(ctypes.CDLL(None, use_errno=True).prctl(21, 0, 0, 0, 0) >= 0)


def best_tier() -> str:
    """The strongest isolation that this machine can enforce."""
    if not has_seccomp():
        return PROCESS
    return FULL if landlock_abi() else SEALED


def close_memory() -> None:
    """Let no process of the same user open this one's memory (/proc/PID/mem, ptrace).

    Needed where nothing else keeps an answer from opening files: in the weakest tier.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
