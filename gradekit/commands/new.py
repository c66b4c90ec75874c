"""`kit new`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from gradekit.commands._group import course_around, kit
from gradekit.errors import KitError

MISTAKE = "mistake"  # with --from: no exercise is begun


@kit.command(short_help="Start an exercise: stub, solution, grader and bank.")
@click.argument("slug")
@click.option(
    "--template",
    type=click.Choice(["numpy", "torch", "python", "class", "data", "short-answer"]),
    help="What to begin with. Default: numpy.",
)
@click.option(
    "--library", type=click.Choice(["numpy", "torch"]), help="An older name of --template."
)
@click.option("--title", help="What `kit list` shows. Default: made from SLUG.")
@click.option(
    "--from",
    "unnamed",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With `kit new mistake`: a wrong answer of a class, to copy into the bank.",
)
@click.option("--name", help="With --from: the name of the file in the bank.")
@click.pass_context
def new(
    context: click.Context,
    slug: str,
    template: str | None,
    library: str | None,
    title: str | None,
    unnamed: Path | None,
    name: str | None,
) -> None:
    """Start an exercise: stub, solution, grader, metadata and bank, filled with a toy.

    SLUG names the exercise and its function. Without --course it goes into the course that you are
    in. If the COURSE that you name is not there, it is made. `kit new mistake --from FILE` adds a
    mistake to an existing exercise.

    \b
    Example:
        kit --course my-course new layer_norm
        kit --course my-course new running_mean --template class
        kit --course my-course new mistake --from graded/unnamed/exercise_05_softmax-0a1b2c3d.py
    """
    folder: str | None = context.find_root().obj
    root = Path(folder) if folder else course_around()
    if root is None:
        raise KitError(f"Say where: `kit --course my-course new {slug}`.")
    course = f"--course {shlex.quote(folder)} " if folder else ""
    if unnamed is not None:
        if slug != MISTAKE:
            raise KitError(f"--from is for mistakes: `kit new mistake --from {unnamed}`.")
        _new_mistake(root, unnamed, name, course)
    elif slug == MISTAKE:
        raise KitError(f"Say which: `kit {course}new {MISTAKE} --from FILE`, a wrong answer.")
    else:
        _new_exercise(root, slug, template or library or "numpy", title, course)


def _new_exercise(root: Path, slug: str, template: str, title: str | None, course: str) -> None:
    from gradekit.authoring.new import begin

    exercise, files = begin(root, slug, template, title)
    click.echo(f"{exercise.name} is begun in {root}:")
    for path in files:
        click.echo(f"  {path.relative_to(root.resolve())}")
    click.echo(f"`kit {course}verify {exercise.slug}` says what is left to do.")


def _new_mistake(root: Path, unnamed: Path, name: str | None, course: str) -> None:
    from gradekit.authoring.mistake import begin_mistake

    exercise, path = begin_mistake(root, unnamed, name)
    click.echo(f"{path} holds the wrong answer.")
    click.echo("Say in its first line what it does wrong, in the words that students will read.")
    click.echo(f"`kit {course}verify {exercise.slug} --update` then proves it, and names it.")
