"""The formats that instructors' systems take."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._group import FEEDBACK, ISOLATION, course_of, kit
from gradekit.commands._options import EXERCISE, require_graders
from gradekit.errors import KitError, OurFailure
from gradekit.export import formats
from gradekit.export.format import Answer, AnswerFormat, ClassFormat, Graded
from gradekit.files import writing

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.report import Report

FILE = click.Path(path_type=Path, dir_okay=False)

# What several of these commands take.
OUT = click.option("--out", metavar="FILE", required=True, type=FILE, help="The file to write.")
SHOWN = click.option(
    "--feedback", type=FEEDBACK, default="hints", help="How much students get to see."
)
WEAKER = click.option(
    "--isolation", type=ISOLATION, help="Use a weaker isolation. Not for answers of strangers."
)


class Formats(click.Group):
    """The commands below, and one for each format that is declared in gradekit/export/formats.

    A format's module is imported when its command is asked for, and not for `kit --help`.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*super().list_commands(context), *formats.names()})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if command := super().get_command(context, name):
            return command
        match formats.find(name):
            case AnswerFormat() as found:
                return _of_answer(name, found)
            case ClassFormat() as found:
                return _of_class(name, found)
        return None


def _of_answer(name: str, found: AnswerFormat) -> click.Command:
    """The command of a format of one answer."""

    # `context` by its place only: a format may have an option of any name, which goes into `more`.
    @click.argument("exercise", metavar="EXERCISE", type=EXERCISE)
    @click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
    @OUT
    @SHOWN
    @WEAKER
    @click.pass_context
    def command(
        context: click.Context,
        /,
        exercise: str,
        file: Path,
        out: Path,
        feedback: Any,
        isolation: str | None,
        **more: Any,
    ) -> None:
        try:
            report = _graded(context, exercise, file, isolation)
        except KitError as error:
            # The student hears of an answer that cannot be read; a wrong path is ours to hear of.
            if found.unreadable is None or not file.exists():
                raise
            # The student reads it: without the folders of the machine that grades.
            _write(out, found.unreadable(str(error).replace(str(file), file.name)))
            return
        if found.not_run == "refused":
            _fail_if_not_run(report)
        _write(out, found.write(Answer(report, feedback, more)))
        if found.not_run == "failed":
            _fail_if_not_run(report)

    return _made(name, found, command)


def _of_class(name: str, found: ClassFormat) -> click.Command:
    """The command of a format of a class."""

    @click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path, exists=True))
    @OUT
    @click.option("--roster", type=FILE, help=found.roster)
    @click.pass_context
    def command(
        context: click.Context,
        /,
        results: Path,
        out: Path,
        roster: Path | None,
        feedback: Any = None,
        **more: Any,
    ) -> None:
        from gradekit.render.batch import print_changes
        from gradekit.render.terminal import console
        from gradekit.results import RESULTS
        from gradekit.roster import Roster
        from gradekit.standing import record, stand

        if not (results / RESULTS).is_file():
            raise KitError(f"{results} has no {RESULTS}: name what `kit grade --out` wrote.")
        people = Roster(roster) if roster else None
        course = course_of(context)
        standing = stand(results, course)
        # Whoever exports learns first whose score is not what it was when it was last told.
        print_changes(console(stderr=True), record(standing), results)
        for note in standing.notes:
            click.echo(f"note: {note}", err=True)
        graded = Graded(standing, course.exercises, people, feedback or "score", more)
        written = found.write(graded)
        _write(out, written.content)
        if written.beside:
            ending, content = written.beside
            _write(out.with_suffix(ending), content)
        for student in written.unknown:
            why = f"nobody of {roster}, or several" if roster else "not known without --roster"
            click.echo(f"note: `{student}` is {why}: left out", err=True)
        for note in written.notes:
            click.echo(f"note: {note}", err=True)

    return _made(name, found, SHOWN(command) if found.tells_checks else command)


def _made(
    name: str, found: AnswerFormat | ClassFormat, command: Callable[..., None]
) -> click.Command:
    example = found.example.replace("\n", "\n    ")
    text = f"{found.summary}\n\n\b\nExample:\n    {example}"
    made = click.command(name, help=text)(command)
    made.params = [*found.parameters, *made.params]
    return made


@kit.group(cls=Formats, short_help="Write what nbgrader, Gradescope and other systems take.")
def export() -> None:
    """Write what nbgrader, Gradescope and other systems take.

    \b
    Example:
        kit export nbgrader course/ softmax adam
        kit export gradescope softmax --out autograder.zip
    """


@export.command(short_help="Make an nbgrader course: a notebook for each EXERCISE.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("names", metavar="[EXERCISE]...", nargs=-1, type=EXERCISE)
@click.option("--assignment", default="exercises", help="The name of the assignment in nbgrader.")
@SHOWN
@click.option("--force", is_flag=True, help="Replace existing notebooks.")
@click.pass_context
def nbgrader(
    context: click.Context,
    folder: Path,
    names: tuple[str, ...],
    assignment: str,
    feedback: Any,
    force: bool,
) -> None:
    """Make DIR an nbgrader course: a notebook for each EXERCISE, or for all of them.

    Then use nbgrader as always: generate_assignment, autograde, generate_feedback, export.
    Answers are graded in gradekit's sandbox, never in a kernel.

    \b
    Example:
        kit export nbgrader course/ softmax adam --assignment ps1
        cd course && nbgrader generate_assignment ps1
    """
    from gradekit.nbgrader import course as nbgrader_course

    course = course_of(context)
    require_graders(course)
    reports = _reports_on_solutions(course, [course.find(name) for name in names])
    written = nbgrader_course.write(folder, assignment, reports, course, feedback, force=force)
    click.echo(f"{len(written)} files written to {folder}.")
    if nbgrader_course.lacks_settings(folder):
        click.echo(
            f"{folder / nbgrader_course.CONFIG} is your own, and would run answers in kernels.\n"
            f"Add these lines to it:\n\n{nbgrader_course.settings(feedback)}"
        )
    click.echo(
        f"Next: `cd {shlex.quote(str(folder))}`, `nbgrader generate_assignment {assignment}`."
    )


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


@export.command(short_help="Make the zip that sets up a Gradescope autograder.")
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
    """Make the zip that sets up a Gradescope autograder.

    It holds gradekit and the EXERCISEs, without their solutions.

    \b
    Example:
        kit export gradescope softmax adam --out autograder.zip
    """
    from gradekit.export.gradescope import autograder
    from gradekit.sandbox.packages import distribution_of

    course = course_of(context)
    require_graders(course)
    exercises = [course.find(name) for name in names]
    packages = {distribution_of(name) for each in exercises for name in each.packages}
    _write(out, autograder(course, exercises, feedback, isolation, packages))
    click.echo("Upload it under Configure Autograder.")


def _graded(context: click.Context, name: str, answer: Path, isolation: str | None) -> Report:
    from gradekit.answers import read_answer
    from gradekit.batch.grader import isolation_for_strangers
    from gradekit.engine import open_session

    course = course_of(context)
    exercise = course.find(name)
    submission = read_answer(course, exercise, answer)
    with open_session(course, exercise, isolation_for_strangers(isolation)) as session:
        return session.grade(submission)


def _fail_if_not_run(report: Report) -> None:
    """End with our own exit code where a check could not be run."""
    if report.not_run:
        check = report.not_run[0]
        raise OurFailure(f"{report.exercise}: {check.name} was not run: {check.message}")


def _write(path: Path, content: str | bytes) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    click.echo(f"{path} written.")
