"""Processes of ours that work side by side, and do not outlive the one that started them."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, connection, get_context, parent_process


@contextmanager
def side_by_side(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes for a block of work; where that is broken off, they end at once."""
    before = active_children()
    # spawn: this process may have threads, and a forked child would inherit their locks.
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=follow_parent) as pool:
        try:
            yield pool
        except BaseException:
            # `shutdown` alone waits for what is being worked at: with Ctrl-C, for minutes.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                if process not in before:
                    process.kill()
            raise


def follow_parent() -> None:
    """What such a process does first: leave Ctrl-C to its parent, and end when that has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True, name="follows its parent").start()


STUCK_SECONDS = 90.0  # that one call in C may keep all other threads of a process waiting
STDERR = 2
_until: list[float] = []  # when this process is to end, if it is


def end_at(until: float | None) -> None:
    """End this process at a time of `time.monotonic`, even where a call in C holds the GIL.

    faulthandler's timer is a thread in C: no thread of Python's would get to run.

    Args:
        until: None to let it go on.
    """
    _until[:] = [] if until is None else [until]
    go_on()


def still_runs() -> None:
    """Where an end is set: have it come soon, unless this is called again by then."""
    if _until:
        _arm(min(STUCK_SECONDS, _until[0] - time.monotonic()))


def go_on() -> None:
    """The end is where it was set, whether or not `still_runs` is called again."""
    if _until:
        _arm(_until[0] - time.monotonic())
    else:
        faulthandler.cancel_dump_traceback_later()


def _arm(seconds: float) -> None:
    # Not `sys.stderr`, which a test may have replaced by something that is no file.
    faulthandler.dump_traceback_later(max(seconds, 0.001), exit=True, file=STDERR)
