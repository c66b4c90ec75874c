"""The formats that instructors' systems take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._group import FEEDBACK, ISOLATION, course_of, kit
from gradekit.commands._options import EXERCISE
from gradekit.errors import KitError, OurFailure

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.report import Report

FILE = click.Path(path_type=Path, dir_okay=False)
Command = Callable[..., None]

# What several of these commands take.
OUT = click.option("--out", metavar="FILE", required=True, type=FILE, help="What to write.")
SHOWN = click.option(
    "--feedback", type=FEEDBACK, default="hints", help="How much students get to see."
)
WEAKER = click.option("--isolation", type=ISOLATION, help="Weaker isolation than strangers need.")
RESULTS = click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path, exists=True))


def one_answer(command: Command) -> Command:
    """For formats of one answer: EXERCISE FILE --out FILE."""
    for part in (
        WEAKER, SHOWN, OUT,
        click.argument("answer", metavar="FILE", type=click.Path(path_type=Path)),
        click.argument("name", metavar="EXERCISE", type=EXERCISE),
    ):  # fmt: skip
        command = part(command)
    return command


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
@click.argument("names", metavar="[EXERCISE]...", nargs=-1, type=EXERCISE)
@click.option("--assignment", default="exercises", help="What nbgrader calls them together.")
@SHOWN
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
    from gradekit.nbgrader import course as nbgrader_course

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


@export.command()
@click.argument("names", metavar="EXERCISE...", nargs=-1, required=True, type=EXERCISE)
@OUT
@SHOWN
@WEAKER
@click.pass_context
def gradescope(
    context: click.Context,
    names: tuple[str, ...],
    out: Path,
    feedback: Any,
    isolation: str | None,
) -> None:
    """Make the zip that a Gradescope autograder is configured with.

    It holds gradekit and the EXERCISEs without their solutions.

    \b
    Example:
        kit export gradescope softmax adam --out autograder.zip
    """
    from gradekit.export.gradescope import autograder

    course = course_of(context)
    exercises = [course.find(name) for name in names]
    _write(out, autograder(course, exercises, feedback, isolation))
    click.echo("Upload it under Configure Autograder.")


@export.command()
@one_answer
@click.pass_context
def prairielearn(
    context: click.Context,
    name: str,
    answer: Path,
    out: Path,
    feedback: Any,
    isolation: str | None,
) -> None:
    """Grade FILE and write PrairieLearn's results.json, for an external grader.

    \b
    Example:
        kit export prairielearn softmax /grade/student/softmax.py \\
            --out /grade/results/results.json
    """
    from gradekit.export.prairielearn import not_gradable, results

    try:
        written = results(_graded(context, name, answer, isolation), feedback)
    except KitError as error:
        if not answer.exists():
            raise
        written = not_gradable(str(error).replace(str(answer), answer.name))
    _write(out, json.dumps(written, indent=2, ensure_ascii=False) + "\n")


@export.command()
@one_answer
@click.option("--classroom", required=True)
@click.option("--assignment", required=True)
@click.option("--assignment-type", default="individual")
@click.option("--owner", required=True, help="Whose work it is.")
@click.option("--submission", default="", help="Where it lies: a URL.")
@click.option("--commit", default="")
@click.option("--release", default="")
@click.option("--review", default="")
@click.option("--datetime", "when", default="", help="As 2026-09-01T12:00:00Z; else now.")
@click.pass_context
def classroom50(
    context: click.Context,
    /,
    name: str,
    answer: Path,
    out: Path,
    feedback: Any,
    isolation: str | None,
    when: str,
    **handin: str,
) -> None:
    """Grade FILE and write Classroom 50's result.json. Its scores are integers: ours, doubled.

    \b
    Example:
        kit export classroom50 softmax softmax.py --out result.json \\
            --classroom cs101 --assignment softmax --owner "$GITHUB_ACTOR"
    """
    import time

    from gradekit.export.classroom50 import Handin, result

    when = when or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    report = _graded(context, name, answer, isolation)
    _fail_if_not_run(report)  # a file without those checks would cost the student their points
    written = result(report, Handin(datetime=when, **handin), feedback)
    _write(out, json.dumps(written, indent=2, ensure_ascii=False) + "\n")


@export.command()
@one_answer
@click.pass_context
def junit(
    context: click.Context,
    name: str,
    answer: Path,
    out: Path,
    feedback: Any,
    isolation: str | None,
) -> None:
    """Grade FILE and write JUnit XML, which CI systems draw.

    \b
    Example:
        kit export junit softmax softmax.py --out softmax.xml
    """
    from gradekit.export.junit import xml

    report = _graded(context, name, answer, isolation)
    _write(out, xml([report], feedback))  # where what was not run is an error, not a failure
    _fail_if_not_run(report)


@export.command()
@RESULTS
@OUT
@click.option("--roster", type=FILE, help="Canvas' own export of its gradebook, to find people.")
@click.pass_context
def canvas(context: click.Context, results: Path, out: Path, roster: Path | None) -> None:
    """Turn RESULTS (what `kit grade --out` wrote) into the CSV that Canvas imports.

    \b
    Example:
        kit export canvas graded/ --roster gradebook.csv --out import.csv
    """
    from gradekit.export.canvas import gradebook
    from gradekit.results import read_results
    from gradekit.roster import Roster

    people = Roster(roster) if roster else None
    text, unknown = gradebook(read_results(results), course_of(context).exercises, people)
    _write(out, text)
    _tell_unknown(unknown, roster)


@export.command()
@RESULTS
@OUT
@SHOWN
@click.option(
    "--field",
    type=click.Choice(["username", "email", "idnumber"]),
    default="username",
    help="What Moodle is to find students by.",
)
@click.option("--roster", type=FILE, help="Moodle's own export of participants or grades.")
@click.pass_context
def moodle(
    context: click.Context,
    results: Path,
    out: Path,
    feedback: Any,
    field: Any,
    roster: Path | None,
) -> None:
    """Turn RESULTS (what `kit grade --out` wrote) into the CSV that Moodle imports.

    \b
    Example:
        kit export moodle graded/ --roster participants.csv --field email --out import.csv
    """
    from gradekit.export.moodle import gradebook
    from gradekit.results import read_results
    from gradekit.roster import Roster

    people = Roster(roster) if roster else None
    exercises = course_of(context).exercises
    text, unknown = gradebook(read_results(results), exercises, field, people, feedback)
    _write(out, text)
    _tell_unknown(unknown, roster)


def _graded(context: click.Context, name: str, answer: Path, isolation: str | None) -> Report:
    from gradekit.batch.grader import isolation_for_strangers
    from gradekit.engine import open_session
    from gradekit.submission import read

    course = course_of(context)
    exercise = course.find(name)
    submission = read(answer)
    with open_session(course, exercise, isolation_for_strangers(isolation)) as session:
        return session.grade(submission)


def _fail_if_not_run(report: Report) -> None:
    """End with our own exit code where a check could not be run."""
    if report.not_run:
        check = report.not_run[0]
        raise OurFailure(f"{report.exercise}: {check.name} was not run: {check.message}")


def _write(path: Path, content: str | bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise KitError(f"{path} cannot be written: {error.strerror}.") from None
    click.echo(f"{path} written.")


def _tell_unknown(unknown: list[str], roster: Path | None) -> None:
    for student in unknown:
        click.echo(f"note: `{student}` is not one person of {roster}: left out", err=True)
