"""`kit reset`."""

from __future__ import annotations

import click

from gradekit.commands._group import course_of, kit
from gradekit.commands._options import EXERCISE, confirm, practice_folder


@kit.command(short_help="Start EXERCISE over from its stub; your answer is kept.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def reset(context: click.Context, name: str, yes: bool) -> None:
    """Start EXERCISE over from its stub; your answer is kept beside it as .bak.

    If there is a .bak already, it is kept as .bak.2, and so on.

    \b
    Example:
        kit reset softmax
    """
    course = course_of(context)
    exercise = course.find(name)
    workspace = practice_folder(context)
    answer = workspace.answer(exercise)
    if workspace.is_stub(exercise):
        click.echo(f"{answer} is the stub already: nothing has been changed.")
        return
    if answer.exists() and not yes:
        confirm(f"Replace {answer} by the stub?")
    if backup := workspace.reset(exercise):
        click.echo(f"Your answer is now {backup}.")
    click.echo(f"{answer} is the stub again.")
