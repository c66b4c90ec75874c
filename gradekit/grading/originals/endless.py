"""Stops a test that does not end, such as one that loops until an answer says the right thing.

The answer's own time is counted where it is asked. This is about the code of a test, which runs in
a thread of ours, where no signal can end it: an exception is sent there once it has computed for
too long. What sleeps or waits in C is not reached.
"""

from __future__ import annotations

import ctypes
import threading
import time
from typing import NamedTuple

SECONDS = 30  # of CPU, of one test with all that it needs
EVERY = 1.0  # second one looks


class Endless(BaseException):
    """The test was stopped. No `except Exception` of a test's is to swallow this."""


class Watched(NamedTuple):
    """A thread that runs a test: the clock of its CPU time, and when it has to be done."""

    clock: int
    until: float


_lock = threading.Lock()
_some = threading.Event()  # are being watched
_watched: dict[int, Watched] = {}
_watcher: list[threading.Thread] = []


class Limit:
    """The limit of one test, in the thread that runs it; use it in `with`."""

    def __enter__(self) -> Limit:
        self._thread = threading.get_ident()
        clock = time.pthread_getcpuclockid(self._thread)
        with _lock:
            _watched[self._thread] = Watched(clock, time.clock_gettime(clock) + SECONDS)
            if not _watcher or not _watcher[-1].is_alive():  # a fork takes no threads along
                _watcher.append(threading.Thread(target=_watch, daemon=True, name="endless"))
                _watcher[-1].start()
        _some.set()
        return self

    def __exit__(self, *_: object) -> None:
        with _lock:  # from here on nothing is sent
            _watched.pop(self._thread, None)


def watched() -> int:
    """How many threads are being watched."""
    return len(_watched)


def _watch() -> None:
    while True:
        _some.wait()
        time.sleep(EVERY)
        with _lock:
            for thread, each in _watched.items():
                if time.clock_gettime(each.clock) > each.until:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread), ctypes.py_object(Endless)
                    )
            if not _watched:
                _some.clear()
