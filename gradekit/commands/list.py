"""`kit list`."""

from __future__ import annotations

import click

from gradekit.commands._group import course_of, kit, workspace_of
from gradekit.commands._options import output_may_go_unread, plain_option

DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}


@kit.command("list")
@plain_option
@click.pass_context
@output_may_go_unread()
def list_exercises(context: click.Context, plain: bool) -> None:
    """List the exercises: topic, difficulty, minutes, and where you stand.

    \b
    Example:
        kit list
    """
    from rich.table import Table

    from gradekit.render.terminal import console

    course = course_of(context)
    workspace = workspace_of(course)
    states = workspace.states() if workspace else {}
    if plain:
        for exercise in course.exercises:
            level = DIFFICULTIES[exercise.difficulty]
            state = states.get(exercise.name, "new")
            click.echo(
                f"{exercise.number}, {exercise.title}: {state}, {level}, "
                f"{exercise.minutes} minutes, about {', '.join(exercise.topics)}."
            )
        return
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("no.", "exercise", "topics", "level", "min", "you"):
        table.add_column(heading, no_wrap=heading not in ("exercise", "topics"))
    styles = {"solved": "green", "broken": "red", "started": "yellow", "new": "dim"}
    for exercise in course.exercises:
        state = states.get(exercise.name, "new")
        table.add_row(
            exercise.number,
            exercise.title,
            ", ".join(exercise.topics),
            DIFFICULTIES[exercise.difficulty],
            str(exercise.minutes),
            f"[{styles[state]}]{state}",
        )
    console().print(table)
