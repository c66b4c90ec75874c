"""`kit new`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from gradekit.commands._group import course_around, kit
from gradekit.errors import KitError


@kit.command()
@click.argument("slug")
@click.option(
    "--library", type=click.Choice(["numpy", "torch"]), default="numpy", help="What it needs."
)
@click.option("--title", help="What `kit list` shows; else made of SLUG.")
@click.pass_context
def new(context: click.Context, slug: str, library: str, title: str | None) -> None:
    """Start an exercise: stub, solution, grader, metadata and bank, with a toy in them.

    SLUG names the exercise and its function. Without --course it goes into the course that
    you are in; a course that is named and not there yet is made.

    \b
    Example:
        kit --course my-course new layer_norm
    """
    from gradekit.authoring.new import begin

    folder: str | None = context.find_root().obj
    root = Path(folder) if folder else course_around()
    if root is None:
        raise KitError(f"Say where: `kit --course my-course new {slug}`.")
    exercise, files = begin(root, slug, library, title)
    click.echo(f"{exercise.name} is begun in {root}:")
    for path in files:
        click.echo(f"  {path.relative_to(root.resolve())}")
    course = f"--course {shlex.quote(folder)} " if folder else ""
    click.echo(f"`kit {course}verify {exercise.slug}` says what is left to do.")
