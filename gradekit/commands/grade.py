"""`kit grade`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._group import FEEDBACK, ISOLATION, OUR_FAILURE, course_of, kit
from gradekit.commands._options import EXERCISE, require_graders
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.batch.classroom import Classroom
    from gradekit.batch.machines import Machines
    from gradekit.batch.run import Preview
    from gradekit.course import Course
    from gradekit.intake.placing import Found

TABLE = click.Path(path_type=Path, dir_okay=False)
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
@click.option(
    "--against",
    metavar="FOLDER",
    multiple=True,
    type=click.Path(path_type=Path),
    help="--similarity with an earlier term's hand-ins as well; several times for several.",
)
@click.option("--exercise", metavar="EXERCISE", type=EXERCISE, help="All of it answers this one.")
@click.option("--roster", type=TABLE, help="Who is in the class: Canvas', Moodle's, or any CSV.")
@click.option("--only", metavar="STUDENT", help="Grade one again (a name or an id), nobody else.")
@click.option("--dry-run", is_flag=True, help="Show whose answer to what each file is; no more.")
@click.option("--as-it-stands", is_flag=True, help="Grade, although the placement is in doubt.")
@click.option("--seed", type=click.IntRange(0), help="Of what checks draw; else that of --out.")
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
    against: tuple[Path, ...],
    exercise: str | None,
    roster: Path | None,
    only: str | None,
    dry_run: bool,
    as_it_stands: bool,
    seed: int | None,
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
        kit grade hw5.zip --out graded/ --exercise softmax --roster roster.csv --dry-run
    """
    from gradekit.batch.grader import isolation_for_strangers
    from gradekit.render.batch import print_summary, progress_bar
    from gradekit.render.terminal import console
    from gradekit.report import clean

    course = course_of(context)
    require_graders(course)
    if scheduler is None and not dry_run:  # the workers of a cluster are asked the same
        isolation = isolation_for_strangers(isolation)
    if gradebook and not dry_run:
        from gradekit.nbgrader.gradebook import check_url

        check_url(gradebook)  # before the class is graded, which may take hours
    classroom = _classroom(course, folder, out, exercise, roster, seed)
    if only:
        classroom.only(only)
    if dry_run or (classroom.found.doubts and not as_it_stands):
        preview = classroom.preview(isolation, feedback == "full")
        _show_placement(classroom.found, preview, dry_run and as_it_stands)
        return
    interrupted = False
    try:
        with progress_bar(console(stderr=True), len(classroom.found.entries)) as bar:
            machines = partial(_machines, classroom, scheduler, jobs, isolation)
            classroom.grade(machines, isolation, bar.started, bar.tell, feedback == "full")
    except KeyboardInterrupt:
        interrupted = True
        left = len(classroom.found.entries) - classroom.earlier - classroom.finished
        click.echo(f"Stopped with {left} answers to go: the same command goes on.", err=True)
    similar = classroom.similar(against) if (similarity or against) and not interrupted else None
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


def _classroom(
    course: Course,
    folder: Path,
    out: Path,
    exercise: str | None,
    roster: Path | None,
    seed: int | None,
) -> Classroom:
    from gradekit.batch.classroom import Classroom
    from gradekit.roster import Roster

    table = Roster(roster) if roster else None
    if table is not None:
        table.require_people()
    one = course.find(exercise) if exercise else None
    return Classroom(course, folder, out, one, table, seed)


def _show_placement(found: Found, preview: Preview, agreed: bool) -> None:
    """Print whose answer to what each file is.

    Raises:
        KitError: it should be looked at, and nobody has said that it is right.
    """
    from gradekit.render.placement import print_placement
    from gradekit.render.terminal import console

    print_placement(console(), found, preview)
    if found.doubts and not agreed:
        raise KitError(
            "Nothing was graded, because the placement is in doubt:\n"
            + "".join(f"- {doubt}\n" for doubt in found.doubts)
            + "If the table is right, add `--as-it-stands`."
        )


def _machines(
    classroom: Classroom, scheduler: str | None, jobs: int | None, isolation: str | None
) -> AbstractContextManager[Machines]:
    """Where to grade: on a cluster, else here."""
    from gradekit.batch.machines import cores, this_machine

    if scheduler is None:
        return this_machine(jobs or cores())
    from gradekit.batch.cluster import cluster

    return cluster(scheduler, classroom.course, classroom.exercises, isolation)
