"""`kit grade`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gradekit.commands._class import Asked, ClassRun
from gradekit.commands._group import FEEDBACK, ISOLATION, course_of, kit
from gradekit.commands._options import EXERCISE, require_graders

TABLE = click.Path(path_type=Path, dir_okay=False)


@kit.command(short_help="Grade everything that a class handed in: FOLDER, or a zip.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write results. With results in it, kit goes on where it stopped.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Grader processes. Default: at most one for each core.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on a Dask cluster, tcp://HOST:PORT (docs/scaling.md).",
)
@click.option("--feedback", type=FEEDBACK, default="hints", help="How much students get to see.")
@click.option(
    "--isolation", type=ISOLATION, help="Use a weaker isolation, for answers that you trust."
)
@click.option(
    "--similarity", is_flag=True, help="List answers that share much code, as a lead for you."
)
@click.option(
    "--against",
    metavar="FOLDER",
    multiple=True,
    type=click.Path(path_type=Path),
    help="With --similarity: compare with this folder too. May be given several times.",
)
@click.option(
    "--exercise", metavar="EXERCISE", type=EXERCISE, help="All files answer this exercise."
)
@click.option(
    "--roster", type=TABLE, help="Who is in the class: any CSV. Copied to OUT/roster.csv."
)
@click.option("--only", metavar="STUDENT", help="Grade only this student again (a name or an id).")
@click.option(
    "--dry-run", is_flag=True, help="Only show which student and exercise each file belongs to."
)
@click.option(
    "--as-it-stands", is_flag=True, help="Grade even if it looks as if files were assigned wrongly."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="Draw the cases of this seed. Default: the seed in --out.",
)
@click.option(
    "--policy", type=TABLE, help="Deadlines, penalties, weights. Copied to OUT/grading.toml."
)
@click.option(
    "--overrides", type=TABLE, help="Points that a person gave. Copied to OUT/overrides.csv."
)
@click.option(
    "--gradebook", metavar="URL", help="Write nbgrader's gradebook too: sqlite:///gradebook.db"
)
@click.option(
    "--anonymous", is_flag=True, help="Pages show pseudonyms, listed in OUT/pseudonyms.csv."
)
@click.option("--watch", is_flag=True, help="Then grade what arrives in FOLDER, until Ctrl-C.")
@click.pass_context
def grade(context: click.Context, /, **options: Any) -> None:
    """Grade everything that a class handed in: FOLDER, or a zip.

    Kit finds the student and the exercise by the names of files and folders:
    STUDENT/exercise_05_softmax.py (or .ipynb), or as Canvas, Moodle, Gradescope and nbgrader export
    them. Files that it cannot assign are listed. After Ctrl-C, a crash or a full disk, the same
    command goes on where it stopped.

    \b
    Example:
        kit grade submissions/ --out graded/
        kit grade canvas_export.zip --out graded/ --jobs 8 --feedback titles
        kit grade hw5.zip --out graded/ --exercise softmax --roster roster.csv --dry-run
        kit grade exchange/ --out graded/ --watch
    """
    course = course_of(context)
    require_graders(course)
    # `Asked` has a field for each option above: one that is forgotten there is an error at once.
    sys.exit(ClassRun(course, Asked(**options)).run())
