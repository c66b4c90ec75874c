"""Where grading happens: an executor, and what it takes to keep it busy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import NamedTuple

from gradekit.batch.graders import Graders


class Machines(NamedTuple):
    """`width()` answers at a time keep the graders busy; `course` is its name among them.

    `expect` is told how many answers are to come.
    """

    executor: Executor
    width: Callable[[], int]
    course: str | None = None
    expect: Callable[[int], None] = lambda answers: None


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        # Not os.cpu_count, which counts the cores of the whole machine, also those
        # that taskset or a container keeps from us.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def this_machine(jobs: int | None = None) -> Iterator[Machines]:
    """So many grader processes here; for None at most one a core, and fewer for a few answers."""
    with Graders(jobs or cores()) as graders:
        # Two for each process: one is graded, and the next one waits in its queue. With one, each
        # process would be idle while the coordinator writes the last result to the disk.
        machines = Machines(graders, lambda: 2 * graders.worthwhile)
        yield machines if jobs else machines._replace(expect=graders.expect)
