"""`kit pack`."""

from __future__ import annotations

from pathlib import Path

import click

from gradekit.commands._group import kit
from gradekit.commands._options import course_in_work
from gradekit.errors import KitError


@kit.command(short_help="Pack a course for learners, or for instructors.")
@click.argument("target", metavar="DIR|ZIP", type=click.Path(path_type=Path))
@click.option("--learner", is_flag=True, help="Leave out graders, solutions and bank.")
@click.option("--instructor", is_flag=True, help="Take everything.")
@click.pass_context
def pack(context: click.Context, target: Path, learner: bool, instructor: bool) -> None:
    """Pack a course for learners, or for instructors.

    Learners get stubs, hints and data. There `kit check` runs the examples, and says that the
    instructor grades the rest. Without --course, the course that you are in is packed.

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
