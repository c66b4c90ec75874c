"""Processes of ours that work side by side, and do not outlive the one that started them."""

from __future__ import annotations

import os
import signal
import threading
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
