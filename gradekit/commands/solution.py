"""`kit solution`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradekit.commands._grading import spinner
from gradekit.commands._group import course_of, kit, workspace_of
from gradekit.commands._options import EXERCISE, output_may_go_unread
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--give-up", is_flag=True, help="Show it although you have not solved it yet.")
@click.pass_context
@output_may_go_unread()
def solution(context: click.Context, name: str, give_up: bool) -> None:
    """Show the model answer to EXERCISE: what to say aloud, and the code.

    Below it stands where your answer behaves otherwise; style is your own business.

    \b
    Example:
        kit solution softmax
    """
    from gradekit.practice.screen.solutions import print_model_answer
    from gradekit.render.terminal import console

    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    may_see = workspace is not None and workspace.has_seen_solution(exercise)
    if not may_see and not give_up:
        raise KitError(
            f"You have not solved `{exercise.name}` yet: the solution opens after full marks.\n"
            f"To see it now, type `kit solution {exercise.slug} --give-up`."
        )
    if workspace and not may_see:
        workspace.record("gave_up", exercise)
    print_model_answer(console(), course, exercise)
    if workspace and workspace.is_practice:
        _compare(course, exercise, workspace.answer(exercise))


def _compare(course: Course, exercise: Exercise, answer: Path) -> None:
    """Print where an answer behaves otherwise than the model answer, if it has begun at all."""
    from gradekit.engine import open_session
    from gradekit.practice.screen.paint import is_untouched
    from gradekit.practice.screen.solutions import print_behaviour
    from gradekit.render.terminal import console
    from gradekit.submission import read

    if not answer.is_file():
        return
    with open_session(course, exercise) as session, spinner(exercise):
        session.grade(read(course.solution(exercise)))  # warms up, so that both are timed alike
        yours = session.grade(read(answer))
        model = session.grade(read(course.solution(exercise)))
    if not is_untouched(yours):
        print_behaviour(console(), yours, model)
