"""`kit grade`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._group import FEEDBACK, ISOLATION, OUR_FAILURE, course_of, kit

if TYPE_CHECKING:
    from gradekit.batch.classroom import Classroom
    from gradekit.batch.machines import Machines

INTERRUPTED = 130  # as shells report a command that Ctrl-C ended


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
@click.option("--gradebook", metavar="URL", help="Also write nbgrader's: sqlite:///gradebook.db")
@click.pass_context
def grade(
    context: click.Context,
    folder: Path,
    out: Path,
    jobs: int | None,
    scheduler: str | None,
    feedback: Any,
    isolation: str | None,
    similarity: bool,
    gradebook: str | None,
) -> None:
    """Grade everything that a class handed in: FOLDER, or a zip.

    Whose answer to what a file is says its name: STUDENT/exercise_05_softmax.py (or .ipynb),
    or as Canvas, Moodle, Gradescope and nbgrader export it. What cannot be placed is
    listed. Ctrl-C, a crash or a full disk lose nothing: the same command goes on.

    \b
    Example:
        kit grade submissions/ --out graded/
        kit grade canvas_export.zip --out graded/ --jobs 8 --feedback titles
    """
    from gradekit.batch.classroom import Classroom
    from gradekit.batch.grader import isolation_for_strangers
    from gradekit.render.batch import print_summary, progress_bar
    from gradekit.render.terminal import console
    from gradekit.report import clean

    course = course_of(context)
    if scheduler is None:  # the workers of a cluster are asked the same
        isolation = isolation_for_strangers(isolation)
    if gradebook:
        from gradekit.nbgrader.gradebook import check_url

        check_url(gradebook)  # before the class is graded, which may take hours
    classroom = Classroom(course, folder, out)
    interrupted = False
    try:
        with progress_bar(console(stderr=True), len(classroom.found.entries)) as bar:
            machines = partial(_machines, classroom, scheduler, jobs, isolation)
            classroom.grade(machines, isolation, bar.started, bar.tell)
    except KeyboardInterrupt:
        interrupted = True
        left = len(classroom.found.entries) - classroom.earlier - classroom.finished
        click.echo(f"Stopped with {left} answers to go: the same command goes on.", err=True)
    similar = classroom.similar() if similarity and not interrupted else []
    overview = classroom.write(feedback, similar)
    print_summary(console(), overview, out, classroom.earlier)
    if classroom.set_aside:
        lines = f"{classroom.set_aside} lines of results.jsonl are in a shape that kit cannot read"
        click.echo(f"{lines}: they now stand in set_aside.jsonl beside it.", err=True)
    for exercise, fault in overview.faults.items():
        click.echo(clean(f"{exercise} was not run: {fault}"), err=True)
    if gradebook and not interrupted:
        from gradekit.nbgrader.gradebook import write
        from gradekit.results import read_results

        for note in write(read_results(out), gradebook, course, folder, feedback):
            click.echo(f"note: {note}", err=True)
        click.echo(f"Gradebook written: {gradebook}")
    sys.exit(INTERRUPTED if interrupted else OUR_FAILURE if overview.not_run else 0)


def _machines(
    classroom: Classroom, scheduler: str | None, jobs: int | None, isolation: str | None
) -> AbstractContextManager[Machines]:
    """Where to grade: on a cluster, else here."""
    from gradekit.batch.machines import cores, this_machine

    if scheduler is None:
        return this_machine(jobs or cores())
    from gradekit.batch.cluster import cluster

    return cluster(scheduler, classroom.course, classroom.exercises, isolation)
