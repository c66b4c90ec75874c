"""Grading one answer, for the commands that do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.grading.session import Session
    from gradekit.practice.workspace import Workspace
    from gradekit.report import Report
    from gradekit.submission import Submission


class Chosen(NamedTuple):
    """The file that a command is about; `own` is the practice folder whose own answer it is."""

    file: Path
    own: Workspace | None

    def read(self, course: Course, exercise: Exercise) -> Submission:
        """What is in it.

        Raises:
            KitError: nothing that could be graded.
        """
        from gradekit.answers import read_answer

        if self.own is not None:
            return self.own.read_answer(exercise)
        return read_answer(course, exercise, self.file)

    def seed(self, exercise: Exercise) -> int:
        """Of the cases that its checks draw."""
        return self.own.seed_of(exercise) if self.own is not None else 0


def chosen_answer(
    workspace: Workspace | None, exercise: Exercise, name: str, file: Path | None, command: str
) -> Chosen:
    """The file that was named, else the learner's own.

    Args:
        name: The exercise as it was typed.
        command: As `check`.

    Raises:
        KitError: there is neither.
    """
    own = workspace.answer(exercise) if workspace else None
    file = file or own
    if file is None:
        raise KitError(
            f"This is no practice folder, so say which file to {command}: "
            f"`kit {command} {name} FILE`.\nOr make a practice folder: `kit init practice`."
        )
    is_own = own is not None and file.resolve() == own.resolve()
    return Chosen(file, workspace if is_own else None)


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
