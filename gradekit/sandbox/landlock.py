"""Landlock: which files a thread, and all that it starts, may still open; the kernel sees to it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from gradekit.sandbox.tiers import PR_SET_NO_NEW_PRIVS

RESTRICT_SELF = 446  # a system call, by the same number on every architecture


def ruleset(readable: Iterable[Path], writable: Iterable[Path] = (), *, alone: bool = True) -> int:
    """A descriptor of rules: reading `readable`, all with `writable`, and nothing else.

    Args:
        readable, writable: Files, and folders with all that lies in them; they have to exist.
        alone: Also no signals to processes outside, and no sockets of theirs.
    Raises:
        OSError: the kernel has no Landlock, or a path cannot be looked up.
    """
    import py_landlock
    from py_landlock.abi import get_supported_fs, get_supported_net, get_supported_scope

    abi = py_landlock.get_abi_version()
    everything = get_supported_fs(abi)
    to_read = py_landlock.AccessFs.READ_FILE | py_landlock.AccessFs.READ_DIR
    of_file = py_landlock.AccessFs.READ_FILE | py_landlock.AccessFs.WRITE_FILE
    if abi >= 3:  # older kernels do not know truncation
        of_file |= py_landlock.AccessFs.TRUNCATE
    handled = py_landlock.RulesetAttr()
    handled.handled_access_fs = everything
    handled.handled_access_net = get_supported_net(abi)
    if alone:
        handled.scoped = get_supported_scope(abi)
    made = py_landlock.create_ruleset(handled)
    allowed = dict.fromkeys(readable, to_read) | dict.fromkeys(writable, everything)
    for path, access in allowed.items():
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = py_landlock.PathBeneathAttr()
            rule.allowed_access = access if path.is_dir() else access & of_file
            rule.parent_fd = folder
            py_landlock.add_rule(made, rule)
        finally:
            os.close(folder)
    return int(made)


def confine_thread(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Let this thread, and those that it starts, open nothing else from now on.

    Raises:
        OSError: as `ruleset`, or the kernel refused.
    """
    rules = ruleset(readable, writable, alone=False)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # The kernel asks for it of whoever is not root.
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(RESTRICT_SELF, rules, 0):
            raise OSError(ctypes.get_errno(), "Landlock could not be applied")
    finally:
        os.close(rules)
