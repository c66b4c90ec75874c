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


@kit.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where results go; the same folder again goes on where it stopped.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Grader processes; else one a core.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on a Dask cluster, tcp://HOST:PORT, instead of here (docs/scaling.md).",
)
@click.option("--feedback", type=FEEDBACK, default="hints", help="How much students get to see.")
@click.option("--isolation", type=ISOLATION, help="Weaker isolation, for answers you trust.")
@click.option("--similarity", is_flag=True, help="List answers that share much code.")
@click.option(
    "--against",
    metavar="FOLDER",
    multiple=True,
    type=click.Path(path_type=Path),
    help="--similarity with an earlier term's hand-ins as well; several times for several.",
)
@click.option("--exercise", metavar="EXERCISE", type=EXERCISE, help="All of it answers this one.")
@click.option("--roster", type=TABLE, help="Who is in the class, any CSV: kept as OUT/roster.csv.")
@click.option("--only", metavar="STUDENT", help="Grade one again (a name or an id), nobody else.")
@click.option("--dry-run", is_flag=True, help="Show whose answer to what each file is; no more.")
@click.option("--as-it-stands", is_flag=True, help="Grade, although the placement is in doubt.")
@click.option("--seed", type=click.IntRange(0), help="Of what checks draw; else that of --out.")
@click.option("--policy", type=TABLE, help="Deadline, lateness, ...: kept as OUT/grading.toml.")
@click.option("--overrides", type=TABLE, help="Points by hand: kept as OUT/overrides.csv.")
@click.option("--gradebook", metavar="URL", help="Also write nbgrader's: sqlite:///gradebook.db")
@click.option("--anonymous", is_flag=True, help="Pages say pseudonyms: OUT/pseudonyms.csv.")
@click.option("--watch", is_flag=True, help="Go on: grade what arrives in FOLDER until Ctrl-C.")
@click.pass_context
def grade(context: click.Context, /, **options: Any) -> None:
    """Grade everything that a class handed in: FOLDER, or a zip.

    Whose answer to what a file is says its name: STUDENT/exercise_05_softmax.py (or .ipynb),
    or as Canvas, Moodle, Blackboard, Gradescope and nbgrader export it. What cannot be placed is
    listed. Ctrl-C, a crash or a full disk lose nothing: the same command goes on.

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
