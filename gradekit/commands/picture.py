"""`kit picture`."""

from __future__ import annotations

from pathlib import Path

import click

from gradekit.commands._grading import chosen_answer, spinner
from gradekit.commands._group import course_of, kit, workspace_of
from gradekit.commands._options import EXERCISE
from gradekit.errors import KitError


@kit.command(short_help="Draw what your answer to EXERCISE computes.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The file to write, .png or .svg.")
@click.option("--open", "opened", is_flag=True, help="Open it with the system's viewer.")
@click.pass_context
def picture(
    context: click.Context, name: str, file: Path | None, out: Path | None, opened: bool
) -> None:
    """Draw what your answer to EXERCISE (or the one in FILE) computes, beside what it should be.

    FILE is what `kit check` takes: a .py, an .ipynb, or a folder or zip of modules. Some terminals
    show the picture: kitty, Ghostty, iTerm2, WezTerm.

    \b
    Example:
        kit picture softmax
        kit picture attention answer.py --out attention.svg --open
    """
    from gradekit.pictures import studio
    from gradekit.practice.screen.paint import shortest

    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    submission = chosen_answer(workspace, exercise, name, file, "picture").read(course, exercise)
    # In a course's own exercises/ nothing is kept: the picture goes where one stands.
    home = workspace.folder / "pictures" if workspace and workspace.is_practice else Path.cwd()
    target = out or home / f"{exercise.name}.png"
    if target.suffix not in (".png", ".svg"):
        raise KitError(f"{target} should end in .png or .svg.")
    with spinner("drawing ..."):
        problem = studio.save(course, exercise, submission, target)
    if problem:
        click.echo(f"Your answer cannot be drawn: {problem}")
    click.echo(f"The picture is {shortest(target.resolve())}.")
    if opened:
        click.launch(str(target))
    elif target.suffix == ".png" and studio.shows_images():
        studio.show(target)
