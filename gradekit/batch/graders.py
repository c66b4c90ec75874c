"""Grader processes on this machine, as a `concurrent.futures.Executor`."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from gradekit.batch import grader

# A process takes seconds of CPU time to start, and most answers some hundredths of one.
FEW = 32  # answers for which no second process is started at once
PATIENCE_SECONDS = 5.0  # after which more are started, since these answers take longer


class Graders(Executor):
    """At most `jobs` processes, each a pool of one: if a process dies, only its own tasks fail.

    A process that died is replaced when the next task is submitted.
    """

    def __init__(self, jobs: int) -> None:
        self._pools = [_Pool() for _ in range(jobs)]
        self._at_once, self._patient_until = jobs, 0.0

    def expect(self, tasks: int) -> None:
        """Begin with as few processes as so many tasks are worth."""
        self._at_once = max(1, -(-tasks // FEW))
        self._patient_until = time.monotonic() + PATIENCE_SECONDS

    @property
    def worthwhile(self) -> int:
        """How many processes there may be by now."""
        is_patient = time.monotonic() < self._patient_until
        return min(self._at_once, len(self._pools)) if is_patient else len(self._pools)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # One ProcessPoolExecutor of several processes would not do: when one of them
        # dies, it fails the tasks of all of them.
        pool = min(self._pools[: self.worthwhile], key=lambda pool: pool.waiting)
        try:
            return pool.submit(function, *args, **kwargs)
        except BrokenProcessPool:
            self._pools[self._pools.index(pool)] = pool = _Pool()
            return pool.submit(function, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes at once: what they work at is not waited for."""
        for pool in self._pools:
            pool.kill()


class _Pool:
    """One process, started at its first task."""

    def __init__(self) -> None:
        # spawn: this process has threads, and a forked child would inherit their locks.
        self._executor = ProcessPoolExecutor(1, get_context("spawn"), initializer=grader.start)
        self._pid: Future[int] | None = None
        self._unfinished: set[Future[Any]] = set()

    @property
    def waiting(self) -> int:
        """How many tasks it still has to do."""
        return len(self._unfinished)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # An executor does not tell the ids of its processes, and `kill` needs one: so the
        # first task of each process is to say its own.
        self._pid = self._pid or self._executor.submit(os.getpid)
        future = self._executor.submit(function, *args, **kwargs)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        return future

    def kill(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        if self._pid is not None and not self._pid.cancelled():
            with contextlib.suppress(BrokenProcessPool, ProcessLookupError):
                # `shutdown` alone waits for the running task, which may be an answer in an endless
                # loop, and Ctrl-C has to end at once (test_control_c_stops_with_a_summary).
                os.kill(self._pid.result(), signal.SIGKILL)
        self._executor.shutdown(wait=True)
