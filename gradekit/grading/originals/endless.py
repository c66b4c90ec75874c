"""Stops a test that does not end, such as one that loops until an answer says the right thing.

The answer's own time is counted where it is asked. This is about the code of a test, which runs in
a thread of ours, where no signal can end it: an exception is sent there once it has computed for
too long. It does not reach what sleeps or waits in C, so `time.sleep` itself counts meanwhile; what
waits otherwise, for a lock or a socket say, is not reached. What computes in C and lets no other
thread run, such as `sum(range(n))` for an answer's `n`, or an answer's pattern in `re`, ends the
process, where that is one that grades a class; and what fills the memory gets a MemoryError.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gradekit.processes import go_on, still_runs

SECONDS = 30  # of CPU, of one test with all that it needs
SLEPT = 60  # seconds that it may sleep
EVERY = 1.0  # second one looks
ROOM_BYTES = 4 * 2**30  # of memory, beside what this process has before the test
MEMORY = Path("/proc/self/statm")  # of this process, in pages: the sixth number is its data


class Endless(BaseException):
    """The test was stopped. No `except Exception` of a test's is to swallow this."""


class Watched(NamedTuple):
    """A thread that runs a test: the clock of its CPU time, and when it has to be done."""

    clock: int
    until: float


_lock = threading.Lock()
_sleep = time.sleep
_slept: dict[int, float] = {}  # by the threads that run tests, in seconds
_some = threading.Event()  # are being watched
_watched: dict[int, Watched] = {}
_watcher: list[threading.Thread] = []


class Limit:
    """The limit of one test, in the thread that runs it; use it in `with`."""

    def __enter__(self) -> Limit:
        self._thread = threading.get_ident()
        clock = time.pthread_getcpuclockid(self._thread)
        _slept[self._thread] = 0.0
        self._before = time.sleep
        time.sleep = sleep
        with _lock:
            _watched[self._thread] = Watched(clock, time.clock_gettime(clock) + SECONDS)
            if not _watcher or not _watcher[-1].is_alive():  # a fork takes no threads along
                _watcher.append(threading.Thread(target=_watch, daemon=True, name="endless"))
                _watcher[-1].start()
            still_runs()
        _some.set()
        self._memory = _bounded_memory()
        return self

    def __exit__(self, *_: object) -> None:
        self._memory()
        with _lock:  # from here on nothing is sent
            _watched.pop(self._thread, None)
            go_on()
        _slept.pop(self._thread, None)
        time.sleep = self._before


def sleep(seconds: Any, /) -> None:
    """`time.sleep` while a test runs, which may sleep for so long in all.

    Raises:
        Endless: it would sleep for longer.
    """
    thread = threading.get_ident()
    if thread in _slept:
        _slept[thread] += max(seconds, 0)
        if _slept[thread] > SLEPT:
            raise Endless(f"stopped: the test sleeps for more than {SLEPT} s")
    _sleep(seconds)


sleep.__module__ = "time"  # where it is handed over, it is known by this name, and runs there


def _bounded_memory() -> Callable[[], None]:
    """Bound what this process may take beside what it has; returns what ends that."""
    if not MEMORY.exists():
        return lambda: None
    import resource  # not on Windows

    bounds = resource.getrlimit(resource.RLIMIT_DATA)
    room = int(MEMORY.read_text().split()[5]) * resource.getpagesize() + ROOM_BYTES
    room = min([room, *(each for each in bounds if each != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_DATA, (room, bounds[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_DATA, bounds)


def watched() -> int:
    """How many threads are being watched."""
    return len(_watched)


def _watch() -> None:
    while True:
        _some.wait()
        _sleep(EVERY)  # and not `time.sleep`, which a test may have replaced by a mock
        with _lock:
            for thread, each in _watched.items():
                if time.clock_gettime(each.clock) > each.until:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread), ctypes.py_object(Endless)
                    )
            if _watched:
                still_runs()
            else:
                _some.clear()
