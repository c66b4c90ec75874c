"""Grading one answer, for the commands that do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.grading.session import Session
    from gradekit.report import Report
    from gradekit.submission import Submission


@contextmanager
def graded_answer(
    course: Course,
    exercise: Exercise,
    submission: Submission,
    isolation: str | None = None,
    seed: int = 0,
) -> Iterator[tuple[Session, Report]]:
    """Grade one answer; say what is going on while libraries load, and while it runs.

    The session stays open within the `with`, to look for a counterexample.
    """
    from gradekit.engine import ENOUGH_TIMEOUTS, open_session

    with open_session(course, exercise, isolation, seed) as session:
        with spinner(f"loading {exercise.library} ..."):
            session.wait_until_warm()
        with spinner(_Running()):
            report = session.grade(submission, timeouts=ENOUGH_TIMEOUTS)
        yield session, report


class _Running:
    """What the spinner says while an answer runs: how long it has been running."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def __rich__(self) -> str:
        seconds = time.monotonic() - self._since
        return f"running your answer, {seconds:.0f} s" if seconds >= 1 else "running your answer"


def spinner(text: Any) -> AbstractContextManager[Any]:
    """Something that moves beside `text`, on a terminal."""
    if not sys.stderr.isatty():
        return nullcontext()
    from gradekit.render.terminal import console

    return console(stderr=True).status(text)
