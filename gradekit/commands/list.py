"""`kit list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradekit.commands._group import course_of, kit, workspace_of
from gradekit.commands._options import (
    EXERCISE,
    output_may_go_unread,
    part_option,
    plain_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from gradekit.course import Course, Exercise
    from gradekit.practice.workspace import State

BETWEEN = 2  # spaces at least, from a title to its topics
DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}


@kit.command("list", short_help="List the exercises, and where you stand with each.")
@part_option
@click.option(
    "--path",
    "target",
    metavar="EXERCISE",
    type=EXERCISE,
    help="Only EXERCISE and what to do before it, in order.",
)
@click.option("--topic", help="Only exercises about this, such as `optimisation`.")
@click.option("--level", type=click.Choice(["easy", "medium", "hard"]), help="Only this level.")
@click.option(
    "--minutes", type=click.IntRange(1), help="Only exercises that take no longer than this."
)
@plain_option
@click.pass_context
@output_may_go_unread()
def list_exercises(
    context: click.Context,
    part: int | None,
    target: str | None,
    topic: str | None,
    level: str | None,
    minutes: int | None,
    plain: bool,
) -> None:
    """List the exercises: topic, level, minutes, and where you stand.

    \b
    Example:
        kit list
        kit list --part 3 --level easy --minutes 20
        kit list --path transformer_block
    """
    course = course_of(context)
    shown = course.with_topic(topic, course.in_part(part))
    if target:
        shown = [each for each in course.path_to(course.find(target)) if each in shown]
    shown = [
        each
        for each in shown
        if level in (None, DIFFICULTIES[each.difficulty])
        and each.minutes <= (minutes or each.minutes)
    ]
    if not shown:
        click.echo("No exercise is all of that: leave out one of the options.")
        return
    workspace = workspace_of(course)
    states: dict[str, State] = workspace.states() if workspace else {}
    if plain:
        _say(shown, states)
    else:
        _print(course, shown, states, in_parts=target is None)


def _say(exercises: list[Exercise], states: dict[str, State]) -> None:
    for exercise in exercises:
        part = f"part {exercise.part}, " if exercise.part else ""
        click.echo(
            f"{exercise.number}, {exercise.title}: {states.get(exercise.name, 'new')}, {part}"
            f"{DIFFICULTIES[exercise.difficulty]}, {exercise.minutes} minutes, "
            f"about {', '.join(exercise.topics)}."
        )


def _print(
    course: Course, exercises: list[Exercise], states: dict[str, State], *, in_parts: bool
) -> None:
    """One table; the parts of the course are headings in it."""
    from rich.table import Table
    from rich.text import Text

    from gradekit.practice.screen.paint import STATES
    from gradekit.render.terminal import console, paged

    out = console()
    own = max(len(states.get(each.name, "new")) for each in exercises)
    # Beside title and topics: a number, `medium`, minutes and the state, with a space after each.
    room = out.width - sum(width + 1 for width in (3, 6, 3)) - max(own, 3) - 2
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("no.", no_wrap=True)
    table.add_column(_both("exercise", ["topics"], room), min_width=room + 1, overflow="fold")
    for heading in ("level", "min", "you"):
        table.add_column(heading, no_wrap=True)
    part = -1 if course.parts else 0
    for exercise in exercises:
        if in_parts and exercise.part != part:
            part = exercise.part
            title = f"{part}  {course.parts[part - 1]}" if part else "in no part"
            table.add_row("", Text(title, "bold"))
        state = states.get(exercise.name, "new")
        table.add_row(
            exercise.number,
            _both(exercise.title, exercise.topics, room),
            DIFFICULTIES[exercise.difficulty],
            str(exercise.minutes),
            Text(state, STATES[state]),
        )
    with paged(out):
        out.print(table)


def _both(title: str, topics: Sequence[str], room: int) -> Text:
    """A title, and at the right end of its line as many of the topics as there is room for."""
    from rich.text import Text

    for count in range(len(topics), 0, -1):
        told = ", ".join([*topics[:count], *(["…"] if count < len(topics) else [])])
        if (between := room - len(title) - len(told)) >= BETWEEN:
            return Text.assemble(title, " " * between, (told, "dim"))
    return Text(title)
