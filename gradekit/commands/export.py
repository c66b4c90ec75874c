"""The formats that instructors' systems take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands.group import FEEDBACK, course_of, kit
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.report import Report

FILE = click.Path(path_type=Path, dir_okay=False)


@kit.group()
def export() -> None:
    """Write what nbgrader, Gradescope and other systems take.

    \b
    Example:
        kit export nbgrader course/ softmax adam
        kit export gradescope softmax --out autograder.zip
    """


@export.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("names", metavar="[EXERCISE]...", nargs=-1)
@click.option("--assignment", default="exercises", help="What nbgrader calls them together.")
@click.option("--feedback", type=FEEDBACK, default="hints", help="How much students get to see.")
@click.option("--force", is_flag=True, help="Replace notebooks that are there already.")
@click.pass_context
def nbgrader(
    context: click.Context,
    folder: Path,
    names: tuple[str, ...],
    assignment: str,
    feedback: Any,
    force: bool,
) -> None:
    """Make DIR an nbgrader course: one notebook an EXERCISE, or all of them.

    Stock nbgrader takes it from there: generate_assignment, autograde, generate_feedback,
    export. Answers are graded in gradekit's sandbox, never in a kernel.

    \b
    Example:
        kit export nbgrader course/ softmax adam --assignment ps1
        cd course && nbgrader generate_assignment ps1
    """
    from gradekit.export import nbgrader_course

    course = course_of(context)
    reports = _reports_on_solutions(course, [course.find(name) for name in names])
    written = nbgrader_course.write(folder, assignment, reports, course, feedback, force=force)
    click.echo(f"{len(written)} files written to {folder}.")
    if nbgrader_course.lacks_settings(folder):
        click.echo(
            f"{folder / nbgrader_course.CONFIG} is your own, and would run answers in kernels.\n"
            f"Add these lines to it:\n\n{nbgrader_course.settings(feedback)}"
        )
    click.echo(f"Next: `cd {folder}`, `nbgrader generate_assignment {assignment}`.")


def _reports_on_solutions(
    course: Course, exercises: list[Exercise]
) -> Iterator[tuple[Exercise, Report]]:
    """Each exercise with a report on its solution: what is exported is known to work."""
    from gradekit.engine import open_session
    from gradekit.submission import read

    for exercise in exercises or course.exercises:
        with open_session(course, exercise) as session:
            report = session.grade(read(course.solution(exercise)))
        if not report.passed:
            raise KitError(
                f"The solution of {exercise.name} earns {report.score:g} of {report.max_score:g} "
                f"points.\n`kit check {exercise.slug} {course.solution(exercise)}` shows why."
            )
        yield exercise, report
