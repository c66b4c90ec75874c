"""`kit check`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._grading import chosen_answer, graded_answer, spinner
from gradekit.commands._group import (
    FEEDBACK,
    ISOLATION,
    MISSING_MARKS,
    OUR_FAILURE,
    PASSED,
    course_of,
    kit,
    workspace_of,
)
from gradekit.commands._options import EXERCISE, output_may_go_unread, plain_option
from gradekit.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradekit.course import Exercise
    from gradekit.practice.workspace import Workspace
    from gradekit.report import Report
    from gradekit.submission import Submission

WARNING = "warning: this machine cannot isolate code: only check answers you trust (`kit doctor`)."


@kit.command(short_help="Grade an answer to EXERCISE: FILE, or your own.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--feedback", type=FEEDBACK, default="full", help="How much to show.")
@click.option(
    "--isolation",
    type=ISOLATION,
    help="Try a weaker isolation than this machine has.",
)
@click.option(
    "--seed", type=click.IntRange(0), help="Draw the cases of this seed. A report names its seed."
)
@click.option("-v", "--verbose", is_flag=True, help="Show each failed check with its message.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["screen", "problems"]),
    default="screen",
    help="problems: a line `file:line: message` for each failure, for editors.",
)
@plain_option
@click.pass_context
def check(
    context: click.Context,
    name: str,
    file: Path | None,
    as_json: bool,
    feedback: Any,
    isolation: str | None,
    seed: int | None,
    verbose: bool,
    form: str,
    plain: bool,
) -> None:
    """Grade an answer to EXERCISE: FILE, or your own in the practice folder.

    FILE is a .py, an .ipynb, or a folder or zip of modules. EXERCISE has several names: 5, 05,
    softmax, exercise_05 and exercise_05_softmax are the same one.

    \b
    Example:
        kit check softmax
        kit check 05 somewhere/answer.ipynb --feedback hints
    """
    from gradekit.engine import EXPLAINED_CAUSES
    from gradekit.feedback import at_level

    course = course_of(context)
    exercise = course.find(name)
    chosen = chosen_answer(workspace_of(course), exercise, name, file, "check")
    file, mine = chosen.file, chosen.own
    submission = chosen.read(course, exercise)
    if seed is None:
        seed = chosen.seed(exercise)
    form = "json" if as_json else "plain" if plain else form
    with graded_answer(course, exercise, submission, isolation, seed) as (session, report):
        unrecorded = _record(mine, report, exercise, submission)
        if report.isolation == "process":
            click.echo(WARNING, err=True)

        def explained(most: int) -> Report:
            """With counterexamples, where the reader may see them, to so many causes."""
            if feedback != "full":
                return at_level(report, feedback)
            with spinner("looking for a small example ..."):
                return session.explained(submission, report, most=most)

        with output_may_go_unread():
            if form == "screen":
                _print(report, explained, verbose, exercise, mine)
            else:
                for line in _lines(explained(EXPLAINED_CAUSES), form, file, submission):
                    click.echo(line)
    if unrecorded is not None:
        raise unrecorded
    sys.exit(OUR_FAILURE if report.not_run else PASSED if report.passed else MISSING_MARKS)


def _record(
    workspace: Workspace | None, report: Report, exercise: Exercise, submission: Submission
) -> KitError | None:
    """Keep what came of one's own answer; why not, where it cannot be: the report comes first."""
    try:
        if workspace is not None:
            workspace.record_check(report, exercise)
            if report.passed:
                workspace.keep_passed(exercise, submission)
    except KitError as error:
        return error
    return None


def _lines(report: Report, form: str, file: Path, submission: Submission) -> Iterable[str]:
    """The report for other readers than a screen's."""
    from gradekit.render.plain import sentences
    from gradekit.render.problems import problems
    from gradekit.report import to_json

    if form == "json":
        return [to_json(report)]
    return sentences(report) if form == "plain" else problems(report, file, submission.cells)


def _print(
    report: Report,
    explained: Callable[[int], Report],
    verbose: bool,
    exercise: Exercise,
    workspace: Workspace | None,
) -> None:
    """The screen: the score at once; what follows may take a second."""
    from gradekit.engine import EXPLAINED_CAUSES
    from gradekit.render.terminal import console, paged, print_causes, print_next, print_score

    out = console()
    print_score(out, report)
    told = explained(EXPLAINED_CAUSES if verbose else 1)
    with paged(out) if verbose else nullcontext():
        print_causes(out, told, verbose=verbose)
    print_next(out, next_steps(told, exercise, workspace))


def next_steps(report: Report, exercise: Exercise, workspace: Workspace | None) -> list[str]:
    """Commands that help from here, for one's own answer in a practice folder."""
    if workspace is None or report.not_run:
        return []
    if not report.passed:
        number = exercise.number.lstrip("0")  # the shortest name: all of it on one line
        shown = any(check.counterexample for check in report.checks)
        steps = [f"kit try {number} (this call as a file to run)"] if shown else []
        broken = workspace.has_solved(exercise)
        last = f"kit solution {number} (what changed)" if broken else f"kit hint {number}"
        # Of what is not written there is nothing to explain.
        begun = not all(check.is_unwritten for check in report.failed)
        if not begun and (notebook := workspace.notebook(exercise)):
            return [f"kit check {number} {notebook.name} (the notebook beside it)"]
        return [*steps, *([f"kit explain {number}"] if begun else []), last]
    following = workspace.next_exercise()
    has_solution = workspace.course.solution(exercise).is_file()  # learners may have none
    steps = [f"kit solution {exercise.slug}"] if has_solution else []
    return [*steps, f"kit watch {following.slug}"] if following else steps
