"""What the practice commands share: options, completion, and the folder that they need."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from gradekit.commands._group import course_around, course_of, workspace_of
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.practice.workspace import Workspace

plain_option = click.option(
    "--plain",
    is_flag=True,
    envvar="KIT_PLAIN",
    help="Print plain lines, for screen readers and logs; so does KIT_PLAIN=1.",
)


part_option = click.option(
    "--part", type=int, metavar="N", help="Only the exercises of this part of the course."
)


class ExerciseName(click.ParamType[str]):
    """Any name of an exercise; the shell completes the usual one."""

    name = "exercise"

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            exercises = course_of(context).exercises
        except KitError:
            return []
        return [
            CompletionItem(name, help=exercise.title)
            for exercise in exercises
            for name in (exercise.slug, exercise.name)
            if name.startswith(incomplete) and (name == exercise.slug or incomplete)
        ]


EXERCISE = ExerciseName()


def course_in_work(context: click.Context) -> Course:
    """The course that --course names, else the one that the current folder lies in."""
    from gradekit.course import Course

    around = None if context.find_root().obj else course_around()
    return Course(around) if around else course_of(context)


def require_graders(course: Course) -> None:
    """Raise a KitError where a course has been packed for learners."""
    if course.about.edition == "learner":
        raise KitError(
            "This is the learners' edition of the course: its graders are with the instructor.\n"
            "Name the instructors' edition: `kit --course DIR ...`."
        )


def require_packages(exercises: Iterable[Exercise]) -> None:
    """Raise a KitError where packages are missing that answers to these exercises may import."""
    from gradekit.sandbox.packages import how_to_get, missing

    if absent := missing({name for exercise in exercises for name in exercise.packages}):
        raise KitError(how_to_get(absent))


def confirm(question: str) -> None:
    """Ask; whatever is no yes ends the command.

    Raises:
        KitError: the answer is no, or the input ended before one, as in a script.
    """
    try:
        agreed = click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise  # Ctrl-C, or Ctrl-D
        click.echo()
        raise KitError(
            "Nobody is there to answer: add `--yes` to go on without the question."
        ) from None
    if not agreed:
        raise KitError("Nothing was changed.")


@contextmanager
def output_may_go_unread() -> Iterator[None]:
    """Let `| head -1` close the pipe: the exit code stays what it would have been."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # or the last flush would fail once more
        os.close(nowhere)


def practice_folder(context: click.Context) -> Workspace:
    """The practice folder that one stands in.

    Raises:
        KitError: there is none.
    """
    workspace = workspace_of(course_of(context))
    if workspace is None or not workspace.is_practice:
        raise KitError("This is no practice folder: make one with `kit init practice`.")
    return workspace
