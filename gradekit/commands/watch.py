"""`kit watch`: the command a learner spends the time in."""

from __future__ import annotations

import click

from gradekit.commands._group import course_of, kit
from gradekit.commands._options import EXERCISE, plain_option, practice_folder


@kit.command(short_help="Grade your answer on every save, and show what to do next.")
@click.argument("name", metavar="[EXERCISE]", required=False, type=EXERCISE)
@plain_option
@click.pass_context
def watch(context: click.Context, name: str | None, plain: bool) -> None:
    """Grade your answer on every save, and show what to do next.

    Without EXERCISE it begins with one that fails or is unfinished, or else with the easiest new
    one.

    \b
    Example:
        kit watch
        kit watch softmax --plain
    """
    from gradekit.practice.screen.terminal import Terminal
    from gradekit.practice.watch.task import Practice
    from gradekit.practice.watch.watch import Watch

    course = course_of(context)
    workspace = practice_folder(context)
    exercise = course.find(name) if name else workspace.next_exercise() or course.exercises[0]
    with Terminal(plain, needs_keys=False) as terminal:  # it grades on every save without any
        task = Practice(course, workspace, exercise)
        Watch(course, workspace, terminal, task).run()
