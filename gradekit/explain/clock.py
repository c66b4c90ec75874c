"""How long a search may go on."""

from __future__ import annotations

import time


class Clock:
    """Counts CPU time, of this process and of the workers that it is told of.

    So a busy machine does not change what is found. The wall clock is only a cap, for the sake of
    whoever waits, and for answers that sleep.
    """

    def __init__(self, seconds: float, deadline: float) -> None:
        """Begin to count.

        Args:
            seconds: Of CPU time, how many there are.
            deadline: On the clock of `time.monotonic`, when it is over in any case.
        """
        self._seconds, self._deadline = seconds, deadline
        self._began = time.process_time()
        self._of_workers = 0.0

    def note(self, seconds: float) -> None:
        """Count what a worker has used."""
        self._of_workers += seconds

    @property
    def spent(self) -> float:
        """What has been used, in seconds of CPU time."""
        return time.process_time() - self._began + self._of_workers

    @property
    def left(self) -> float:
        """How many seconds are left, be it of CPU time or on the wall; below 0 if it is over."""
        return min(self._seconds - self.spent, self._deadline - time.monotonic())

    def extend(self, seconds: float) -> None:
        """See to it that so much is left at least."""
        self._seconds = max(self._seconds, self.spent + seconds)
        self._deadline = max(self._deadline, time.monotonic() + seconds)
