"""`kit hint`."""

from __future__ import annotations

import click

from gradekit.commands._group import course_of, kit, workspace_of
from gradekit.commands._options import EXERCISE, confirm
from gradekit.errors import KitError


@kit.command(short_help="Show the next of three hints to EXERCISE.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--level", type=click.IntRange(1, 3), help="Show this hint again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def hint(context: click.Context, name: str, level: int | None, yes: bool) -> None:
    """Show the next of three hints to EXERCISE: a first push, the idea, nearly the code.

    \b
    Example:
        kit hint softmax
    """
    from rich.text import Text

    from gradekit.practice.screen.paint import question_before
    from gradekit.render.terminal import console

    course = course_of(context)
    exercise = course.find(name)
    if not exercise.hints:
        raise KitError(f"{exercise.title} was imported, and came without hints.")
    workspace = workspace_of(course)
    seen = workspace.hints_shown(exercise) if workspace else 0
    wanted = level or min(seen + 1, 3)
    if wanted > max(seen, 1) and not yes:
        confirm(question_before(wanted))
    # Without --level all up to the new one: each builds on those before it.
    for number in range(1 if level is None else wanted, wanted + 1):
        console().print(Text(f"Hint {number} of 3: {exercise.hints[number - 1]}"))
    if workspace and wanted > seen:
        workspace.record("hint", exercise, level=wanted)
