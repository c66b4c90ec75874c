"""`kit solution`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradekit.commands._grading import spinner
from gradekit.commands._group import course_of, kit, workspace_of
from gradekit.commands._options import EXERCISE, output_may_go_unread
from gradekit.errors import KitError

if TYPE_CHECKING:
    from rich.console import Console

    from gradekit.course import Course, Exercise
    from gradekit.practice.workspace import Workspace


@kit.command(short_help="Show the model answer to EXERCISE.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--give-up", is_flag=True, help="Show it before you have solved the exercise.")
@click.pass_context
@output_may_go_unread()
def solution(context: click.Context, name: str, give_up: bool) -> None:
    """Show the model answer to EXERCISE: what to say aloud, and the code.

    Below it kit shows where your answer behaves differently, and what you have changed since your
    answer passed. It does not judge style.

    \b
    Example:
        kit solution softmax
    """
    from gradekit.practice.screen.solutions import print_model_answer
    from gradekit.render.terminal import console, paged

    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    # Nobody is kept from anything: it only has to be asked for, and is remembered.
    may_see = workspace is not None and workspace.has_seen_solution(exercise)
    if not may_see and not give_up:
        raise KitError(
            f"You have not solved `{exercise.name}` yet: the solution opens after full marks.\n"
            f"To see it now, type `kit solution {exercise.slug} --give-up`."
        )
    if workspace and not may_see:
        workspace.record("gave_up", exercise)
    out = console()
    with paged(out):
        print_model_answer(out, course, exercise)
        if workspace and workspace.is_practice and course.solution(exercise).is_file():
            _compare(out, course, exercise, workspace)


def _compare(out: Console, course: Course, exercise: Exercise, workspace: Workspace) -> None:
    """Print how an answer differs from the model answer, if it has begun at all.

    In its text, where it is known to be right; else in what it does, and from the last one that
    was right.
    """
    from gradekit.engine import open_session
    from gradekit.practice.screen.paint import is_untouched
    from gradekit.practice.screen.solutions import (
        print_behaviour,
        print_changes,
        print_difference,
    )
    from gradekit.submission import read

    if not workspace.answer(exercise).is_file():
        return
    answer, model_answer = workspace.read_answer(exercise), read(course.solution(exercise))
    if workspace.earned_full_marks(exercise, answer.sha256):
        print_difference(out, answer, model_answer)
        return
    with open_session(course, exercise) as session, spinner(f"loading {exercise.library} ..."):
        session.grade(model_answer)  # warms up, so that both are timed alike
        yours = session.grade(answer)
        model = session.grade(model_answer)
    if is_untouched(yours):
        return
    print_behaviour(out, yours, model)
    if passed := workspace.passed_answer(exercise):
        print_changes(out, passed, answer)
