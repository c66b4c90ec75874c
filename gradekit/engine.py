"""The front door of the engine: opens sessions, and starts what is slow first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradekit.sandbox.launch import Sandbox

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.grading.session import Session

# For whoever waits at a terminal: after so many checks of a function that ran out of time, its
# others are not tried.
ENOUGH_TIMEOUTS = 2
# Of one report, where somebody is going to read all of it: each takes a search of its own.
EXPLAINED_CAUSES = 4


def open_session(
    course: Course,
    exercise: Exercise,
    isolation: str | None = None,
    seed: int = 0,
    *,
    lent: Sandbox | None = None,
) -> Session:
    """A session that grades submissions of `exercise`; close it, or use it in `with`.

    Args:
        isolation: One of `tiers.TIERS`; None for the best that this machine has.
        seed: Decides which cases the checks draw.
        lent: A sandbox of the exercise that others use as well; it stays open.
    """
    # First, because it warms up in a process of its own while this one imports pytest.
    sandbox = lent or sandbox_of(course, exercise, isolation)
    from gradekit.grading.session import Session

    return Session(course, exercise, sandbox, seed, is_lent=lent is not None)


class Sandboxes:
    """Sandboxes that exercises share which import the same libraries, see the same data and have
    the same limits: each one costs seconds to start, and holds torch in memory.
    """

    def __init__(self, isolation: str | None = None) -> None:
        self._isolation = isolation
        self._open: dict[tuple[object, ...], Sandbox] = {}

    def of(self, course: Course, exercise: Exercise) -> Sandbox:
        """The sandbox of an exercise, made at first use; it errs as `sandbox_of` does."""
        lists = exercise.modules, exercise.packages, course.data(exercise).items()
        key = (course.root, *map(tuple, lists), exercise.limits)
        if key not in self._open:
            self._open[key] = sandbox_of(course, exercise, self._isolation)
        return self._open[key]

    def close(self) -> None:
        """End their processes."""
        for sandbox in self._open.values():
            sandbox.close()


def sandbox_of(course: Course, exercise: Exercise, isolation: str | None = None) -> Sandbox:
    """A sandbox for answers to `exercise`, with its packages and data.

    Raises:
        SandboxError: a package is not installed, or a file cannot be read.
    """
    return Sandbox(
        exercise.modules,
        exercise.limits,
        course.hidden,
        isolation,
        packages=exercise.packages,
        files=course.data(exercise),
    )
