"""Grading one answer, for the commands that do."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.report import Report
    from gradekit.submission import Submission


def grade_answer(
    course: Course, exercise: Exercise, submission: Submission, isolation: str | None = None
) -> Report:
    """Grade one answer, with a spinner while libraries load."""
    from gradekit.engine import open_session

    with open_session(course, exercise, isolation) as session, spinner(exercise):
        return session.grade(submission)


def spinner(exercise: Exercise) -> AbstractContextManager[Any]:
    """Something that moves, on a terminal, while torch loads."""
    if not sys.stderr.isatty():
        return nullcontext()
    from gradekit.render.terminal import console

    return console(stderr=True).status(f"loading {exercise.library} ...")
