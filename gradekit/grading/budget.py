"""How long a submission may still run: for all its checks together, and for each."""

from __future__ import annotations

import sys
import time

from gradekit.grading.raised import SubmissionError
from gradekit.sandbox.host import Allowance, WorkerHandle
from gradekit.sandbox.limits import Limits


class Budget:
    """The time of one submission, spent by one worker after the other.

    CPU time counts, which a busy machine does not lengthen. Where a worker's CPU time cannot be
    read, and for answers that sleep, wall time stands in for it: `patience` times as much.
    """

    def __init__(self, limits: Limits, before: float = 0.0) -> None:
        """`before` is what the first worker had used for something else, in CPU seconds."""
        self._limits = limits
        self._spent = -before  # CPU seconds of the workers that are gone
        self._started = time.monotonic()

    def for_check(self, worker: WorkerHandle) -> Allowance:
        """What a check may use: what is left of the submission's time, at most a check's.

        Raises:
            SubmissionError: nothing is left.
        """
        limit, spent = self._limits.submission_seconds, self._used(worker)
        if spent >= limit:
            text = f"stopped: the whole answer took longer than {limit:g} s"
            raise SubmissionError(text, "timed_out")
        return worker.allow(min(self._limits.check_seconds, limit - spent))

    def is_ample(self, worker: WorkerHandle) -> bool:
        """Whether less than half of the submission's time has been used."""
        return self._used(worker) < self._limits.submission_seconds / 2

    def _used(self, worker: WorkerHandle) -> float:
        """Seconds of the submission's time."""
        wall = time.monotonic() - self._started
        # Only Linux tells the CPU time of another process while it runs (sandbox/process.py).
        spent = self._spent + worker.cpu_seconds() if sys.platform == "linux" else wall
        # An answer that sleeps uses no CPU time: after `patience` times the limit of wall time it
        # is stopped all the same. On a busy machine, honest answers stay far below that.
        return max(spent, wall / self._limits.patience)

    def for_loading(self, worker: WorkerHandle) -> Allowance:
        """What running the file may use."""
        return worker.allow(self._limits.import_seconds)

    def note_end(self, cpu_seconds: float) -> None:
        """Count the time of a worker that is gone."""
        self._spent += cpu_seconds
