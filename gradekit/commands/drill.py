"""`kit drill`."""

from __future__ import annotations

import click

from gradekit.commands._group import course_of, kit
from gradekit.commands._options import EXERCISE, plain_option, practice_folder
from gradekit.errors import KitError


@kit.command(short_help="Say which mistake a piece of wrong code makes.")
@click.argument("name", metavar="[EXERCISE]", required=False, type=EXERCISE)
@click.option("--count", type=click.IntRange(1, 100), default=10, help="How many questions.")
@plain_option
@click.pass_context
def drill(context: click.Context, name: str | None, count: int, plain: bool) -> None:
    """Say which of four mistakes a piece of wrong code makes.

    The reply shows an input on which the code is wrong. A mistake that you did not recognise comes
    back, by the same schedule as in `kit review`.

    \b
    Example:
        kit drill
        kit drill attention --count 5
    """
    import random

    from gradekit.practice.drill import drill as drills
    from gradekit.practice.drill.screen import Drills
    from gradekit.practice.screen.terminal import Terminal

    course = course_of(context)
    workspace = practice_folder(context)
    exercises = [course.find(name)] if name else course.exercises
    drawn = drills.draw(workspace, exercises, count, random.Random())
    if not drawn:
        raise KitError("There is no wrong code to look at: this course has no bank of answers.")
    with Terminal(plain) as terminal:
        series = Drills(workspace, terminal, drawn)
        series.run()
    click.echo(f"{series.right} of {series.answered} right.")
