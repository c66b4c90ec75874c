"""`kit init`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from gradekit.commands._group import course_of, kit
from gradekit.commands._options import confirm, part_option
from gradekit.commands.completion import start_line
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.clones import Clone
    from gradekit.course import Course


@kit.command(short_help="Make a practice folder: a stub for each exercise.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@part_option
@click.option(
    "--course",
    "named",
    metavar="COURSE[@TAG]",
    help="A folder, the name of an installed course, or the address of a git repository, at a "
    "tag or branch of it.",
)
@click.option("--update", is_flag=True, help="Take the newest commit of the course.")
@click.option("--yes", is_flag=True, help="Trust a course that is fetched; do not ask.")
@click.pass_context
def init(
    context: click.Context,
    folder: Path,
    part: int | None,
    named: str | None,
    update: bool,
    yes: bool,
) -> None:
    """Make a practice folder: a stub for each exercise, and your progress.

    Existing files stay as they are. A course from a repository stays at today's commit until you
    say --update. Its graders are programs that run as you, so fetch courses only from people whom
    you trust.

    \b
    Example:
        kit init practice
        kit init transformers --part 3
        kit init nlp --course https://example.org/nlp-course.git@v2
    """
    from gradekit.practice import folders
    from gradekit.texts import counted

    if update:
        _update(folder, yes)
        return
    course, name, clone = _chosen(context, folder, named or context.find_root().obj, yes)
    exercises = course.in_part(part)
    if not exercises:
        raise KitError("There are no exercises in this course yet: `kit new` begins one.")
    made, written = folders.create(folder, course, exercises, name=name, clone=clone)
    kept = len(exercises) - written
    also = f" ({kept} were there already and stay as they are)" if kept else ""
    place = "this folder" if folder == Path() else made.folder
    click.echo(f"{counted(written, 'exercise')} written to {place}{also}.")
    first = made.next_exercise() or course.exercises[0]
    steps = [] if folder == Path() else [f"cd {shlex.quote(str(folder))}"]
    steps += ["kit watch"]
    click.echo("Next: " + ", then ".join(f"`{step}`" for step in steps) + ".")
    click.echo(f"It begins with {first.file_name}: open that in your editor beside it.")
    if line := start_line():
        click.echo(f"Tab completes exercises once your shell's start file has this line:\n  {line}")


class _Chosen(NamedTuple):
    """A course, what a practice folder remembers of it, and the clone that it is."""

    course: Course
    name: str | None = None
    clone: Clone | None = None


def _chosen(context: click.Context, folder: Path, named: str | None, yes: bool) -> _Chosen:
    """The course that is named, else the one that the folder has, else the usual one.

    Raises:
        KitError: there is no such course, or the folder practises another one.
    """
    from gradekit import clones
    from gradekit.course import Course, root_of
    from gradekit.practice import folders, settings

    there = settings.read(folder)
    has_one = (folder / settings.SETTINGS).exists()
    if named is None and there.origin is not None:
        return _trusted(clones.at(there.origin, there.commit), yes)
    if named is None:
        return _Chosen(Course(folders.course_in(folder)) if has_one else course_of(context))
    if origin := clones.origin_of(named):
        chosen = _trusted(clones.newest(origin), yes)
    else:
        course = Course(root_of(named))
        is_folder = Path(named).is_dir()
        chosen = _Chosen(course, course.address if is_folder else named)
    if has_one and folders.course_in(folder).resolve() != chosen.course.root:
        raise KitError(
            f"{folder} practises another course already, as its {settings.SETTINGS} says.\n"
            "Name another folder, or take a newer commit of its course: `kit init --update`."
        )
    return chosen


def _trusted(clone: Clone, yes: bool) -> _Chosen:
    """The course of a clone, once whoever sits here trusts its authors.

    Raises:
        KitError: they do not; the clone is not kept.
    """
    from gradekit import clones
    from gradekit.course import Course
    from gradekit.report import clean
    from gradekit.texts import counted

    try:
        course = Course(clone.folder)
        if not clone.is_kept:
            count = counted(len(course.exercises), "exercise")
            # A stranger's words, before anybody has said to trust them.
            click.echo(f"{clean(course.about.title)}: {count}")
            click.echo(f"from {clone.origin} at commit {clone.commit[: clones.SHORT]}.")
            if not yes:
                confirm("Its graders are programs that run as you. Do you trust its authors?")
    except BaseException:  # a course that cannot be read, a no, Ctrl-C
        clones.forget(clone)
        raise
    kept = clones.keep(clone)
    return _Chosen(Course(kept.folder), None, kept)


def _update(folder: Path, yes: bool) -> None:
    """Take the newest commit of a practice folder's course."""
    from gradekit import clones
    from gradekit.practice import folders, settings

    there = settings.read(folder)
    if there.origin is None:
        raise KitError("The course of this folder is no repository: there is nothing newer.")
    # What the stubs were is needed to tell which of them nobody has touched.
    old = _trusted(clones.at(there.origin, there.commit), yes).course
    clone = clones.newest(there.origin)
    if clone.commit == there.commit:
        click.echo(f"{there.origin} has nothing newer than {clone.commit[: clones.SHORT]}.")
        return
    new: Course = _trusted(clone, yes).course
    done = folders.renew(folder, old, new)
    settings.lock(folder, clone.commit)
    click.echo(f"The course is now at commit {clone.commit[: clones.SHORT]}.")
    for exercises, what in (
        (done.added, "new"),
        (done.replaced, "the stub is another one, and you had not begun"),
        (done.kept, "the stub is another one; your answer stays (`kit reset` shows the stub)"),
    ):
        for exercise in exercises:
            click.echo(f"  {exercise.file_name}: {what}")
