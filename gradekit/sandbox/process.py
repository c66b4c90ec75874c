"""The process of a worker: forked by a zygote, or started as a plain process."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradekit.sandbox.warmup import ONE_THREAD

START_SECONDS = 120  # for Python and torch to start on a very busy machine
PAGE_MIB = 2**12 / 2**20 if sys.platform == "win32" else os.sysconf("SC_PAGESIZE") / 2**20
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class Forked:
    """A worker that the zygote forked."""

    def __init__(self, reap: Callable[[int], tuple[int, int]], pid: int, pidfd: int) -> None:
        """`reap` asks the zygote for the end of a worker: wait status, peak memory in KiB."""
        self._reap, self._pid, self._pidfd = reap, pid, pidfd
        # The clock id of another process's CPU time, as the kernel and glibc's
        # clock_getcpuclockid() build it: the inverted pid above three bits, of which the lowest
        # two are 2 for CPUCLOCK_SCHED (run time as the scheduler counts it, all threads together).
        # Python has no function for it; /proc/PID/stat counts in ticks of 10 ms. Guarded by
        # test_the_cpu_clock_of_another_process_counts_its_time.
        self._clock = (~pid << 3) | 2

    def cpu_seconds(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # it has ended
            return 0.0

    def is_sleeping(self) -> bool:
        try:
            # The state comes after the process's name in brackets, which may contain brackets.
            with open(f"/proc/{self._pid}/stat", "rb") as stat:
                return stat.read().rpartition(b")")[2].split()[0] == b"S"
        except OSError:
            return False

    def resident_mib(self) -> float:
        try:
            with open(f"/proc/{self._pid}/statm", "rb") as statm:
                return int(statm.read().split()[1]) * PAGE_MIB
        except OSError:
            return 0.0

    def has_ended(self, seconds: float) -> bool:
        """Whether it ends by itself within `seconds`."""
        end = select.poll()
        end.register(self._pidfd, select.POLLIN)
        return bool(end.poll(seconds * 1000))

    def kill(self) -> None:
        # By pidfd: a pid may meanwhile belong to another process.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def reap(self) -> tuple[int, float]:
        os.close(self._pidfd)
        status, peak = self._reap(self._pid)
        return status, peak / 1024


class Spawned:
    """A worker that is a plain process of its own, where there is no safe fork."""

    def __init__(
        self, connection: socket.socket, settings: dict[str, Any], folder: str | None
    ) -> None:
        """`settings` is what spawned.py reads; `folder` is where it runs, None for this folder."""
        code = (
            f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
            "from gradekit.sandbox.inside import spawned; del sys.path[0]; spawned.start()"
        )
        windows = sys.platform == "win32"
        own: dict[str, Any] = {"pass_fds": [connection.fileno()]}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", code, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            cwd=folder,
            **({} if windows else own),
        )
        # Windows hands a socket over as bytes made for one process, others its descriptor.
        shared = (
            connection.share(self._process.pid)  # type: ignore[attr-defined]
            if windows
            else str(connection.fileno()).encode()
        )
        assert self._process.stdin is not None
        self._process.stdin.write(shared)
        self._process.stdin.close()

    def cpu_seconds(self) -> float:
        return 0.0  # not readable everywhere; the bound on wall time (`Limits.patience`) decides

    def is_sleeping(self) -> bool:
        return False

    def resident_mib(self) -> float:
        return 0.0

    def has_ended(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        self._process.kill()

    def reap(self) -> tuple[int, float]:
        code = self._process.wait()
        # Popen's return code as a wait status, which is what os.wait4 gives for forked workers.
        return (-code if code < 0 else code << 8), 0.0


def environment() -> dict[str, str]:
    """All environment variables of the untrusted side.

    A fixed hash seed, so that sets of strings iterate in the same order for everybody; nothing of
    the user's own, which may hold passwords.
    """
    environment = {**ONE_THREAD, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    for name in ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


Process = Forked | Spawned
