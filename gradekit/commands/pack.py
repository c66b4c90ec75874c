"""`kit pack`."""

from __future__ import annotations

from pathlib import Path

import click

from gradekit.commands._group import kit
from gradekit.commands._options import course_in_work
from gradekit.errors import KitError


@kit.command(short_help="Write a course's edition for learners or instructors.")
@click.argument("target", metavar="DIR|ZIP", type=click.Path(path_type=Path))
@click.option("--learner", is_flag=True, help="Without graders, solutions and bank.")
@click.option("--instructor", is_flag=True, help="All of it.")
@click.pass_context
def pack(context: click.Context, target: Path, learner: bool, instructor: bool) -> None:
    """Write the edition of a course that learners get, or the one for instructors.

    Learners get stubs, hints and data. `kit check` runs the examples there, and says that the
    rest is graded by the instructor. Without --course it packs the course that you are in.

    \b
    Example:
        kit pack --learner handout.zip
        kit --course my-course pack --instructor my-course-1.2.zip
    """
    from gradekit.authoring.pack import pack as write

    if learner == instructor:
        raise KitError("Say whom it is for: `kit pack --learner DIR`, or `--instructor`.")
    course = course_in_work(context)
    files = write(course, "learner" if learner else "instructor", target)
    click.echo(f"{len(files)} files written to {target}.")
