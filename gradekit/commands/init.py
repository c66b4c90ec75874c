"""`kit init`."""

from __future__ import annotations

from pathlib import Path

import click

from gradekit.commands._group import course_of, kit
from gradekit.commands._options import part_option
from gradekit.commands.completion import start_line


@kit.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@part_option
@click.pass_context
def init(context: click.Context, folder: Path, part: int | None) -> None:
    """Make a practice folder: one stub an exercise, and your progress.

    Files that are there already stay as they are.

    \b
    Example:
        kit init practice
        kit init transformers --part 3
    """
    from gradekit.practice import workspace

    course = course_of(context)
    exercises = course.in_part(part)
    made, written = workspace.create(folder, course, exercises)
    kept = len(exercises) - written
    also = f" ({kept} were there already and stay as they are)" if kept else ""
    click.echo(f"{written} exercises written to {made.folder}{also}.")
    first = made.next_exercise() or course.exercises[0]
    steps = [] if folder == Path() else [f"cd {folder}"]
    steps += ["kit watch"]
    click.echo("Next: " + ", then ".join(f"`{step}`" for step in steps) + ".")
    click.echo(f"It begins with {first.file_name}: open that in your editor beside it.")
    if line := start_line():
        click.echo(f"Tab completes exercises once `{line}` is in your shell's start file.")
