"""`kit review`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradekit.commands._group import course_of, kit
from gradekit.commands._options import EXERCISE, plain_option, practice_folder

if TYPE_CHECKING:
    from gradekit.practice.workspace import Workspace


@kit.command(short_help="Solve again what is due, or EXERCISE, from the empty stub.")
@click.argument("name", metavar="[EXERCISE]", required=False, type=EXERCISE)
@click.option("--list", "only_list", is_flag=True, help="Only show what is due, and when.")
@plain_option
@click.pass_context
def review(context: click.Context, name: str | None, only_list: bool, plain: bool) -> None:
    """Solve again what is due, or EXERCISE, from the empty stub.

    A solved exercise comes back when you are likely to have forgotten it. How well it went
    decides when it comes next, unless you decide otherwise.

    \b
    Example:
        kit review
        kit review --list
    """
    from gradekit.practice import schedule
    from gradekit.practice.screen.terminal import Terminal
    from gradekit.practice.watch.review import Review
    from gradekit.practice.watch.watch import Watch

    course = course_of(context)
    workspace = practice_folder(context)
    due = [course.find(name)] if name else schedule.due_exercises(workspace)
    if only_list or not due:
        _show_schedule(workspace)
        return
    with Terminal(plain) as terminal:
        Watch(course, workspace, terminal, Review(workspace, due)).run()


def _show_schedule(workspace: Workspace) -> None:
    from gradekit.practice import schedule
    from gradekit.practice.watch.review import days
    from gradekit.texts import counted

    upcoming = [
        (count, exercise)
        for exercise in workspace.course.exercises
        if (count := schedule.days_until_due(workspace, exercise)) is not None
    ]
    if not upcoming:
        click.echo("Nothing to review yet: what you solve comes back here. Start with `kit watch`.")
    elif not schedule.due_exercises(workspace):
        click.echo("Nothing is due. `kit review EXERCISE` does one all the same.")
    for count, exercise in sorted(upcoming, key=lambda pair: (pair[0], pair[1].number)):
        click.echo(f"  {days(count):12} {exercise.slug}")
    if drills := len(schedule.due_drills(workspace)):
        click.echo(f"{counted(drills, 'drill')} due: `kit drill`.")
