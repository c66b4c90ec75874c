"""`kit explain`: in which line an answer is wrong."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradekit.commands._grading import chosen_answer, graded_answer, spinner
from gradekit.commands._group import (
    MISSING_MARKS,
    PASSED,
    course_of,
    kit,
    workspace_of,
)
from gradekit.commands._options import EXERCISE, output_may_go_unread
from gradekit.errors import KitError, OurFailure

if TYPE_CHECKING:
    from gradekit.course import Exercise
    from gradekit.practice.workspace import Workspace
    from gradekit.submission import Submission

CHECK_SECONDS, SUBMISSION_SECONDS = 3.0, 8.0  # for the answer as it is
PATIENCE = 1.5


@kit.command(short_help="Say in which line an answer to EXERCISE is wrong.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--give-up", is_flag=True, help="Show the change too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.pass_context
def explain(
    context: click.Context,
    name: str,
    file: Path | None,
    give_up: bool,
    as_json: bool,
) -> None:
    """Say in which line an answer to EXERCISE is wrong: FILE, or your own.

    Kit tries some hundred small changes of the answer. If one of them mends something, kit names
    the line and asks a question, as an interviewer would: "along which axis?". In a practice folder
    this counts like the third hint: the exercise comes back sooner.

    \b
    Example:
        kit explain softmax
        kit explain softmax --give-up
    """
    began = time.monotonic()  # half a minute is the most that one waits: imports count as well
    from gradekit.explain.explanation import MOST_SECONDS, nothing_wrong, to_json, without_edits
    from gradekit.explain.explanation import explain as explained
    from gradekit.explain.words import sentences

    deadline = began + MOST_SECONDS
    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    chosen = chosen_answer(workspace, exercise, name, file, "explain")
    _refuse_in_interview(workspace, chosen.file)
    submission, seed = chosen.read(course, exercise), chosen.seed(exercise)
    impatient = impatient_with(exercise, submission)
    with graded_answer(course, impatient, submission, seed=seed) as (session, report):
        if report.not_run:
            raise OurFailure(f"a check could not be run; `kit check {exercise.slug}` says which")
        if report.passed:
            found = nothing_wrong(report)
        else:
            tried = _Tried()
            with spinner(tried):
                found = explained(
                    session, submission, report, deadline=deadline, progress=tried.note
                )
    with output_may_go_unread():
        if as_json:
            click.echo(to_json(found if give_up else without_edits(found)))
        elif report.passed:
            click.echo(f"`{exercise.slug}` {report.praise}: there is nothing to explain.")
        else:
            for sentence in sentences(found, gave_up=give_up):
                click.echo(sentence)
            if found.mends and not give_up:
                click.echo(f"The change itself: `kit explain {exercise.slug} --give-up`.")
    if chosen.own and found.mends:
        _record(chosen.own, exercise, give_up=give_up)
    sys.exit(PASSED if report.passed else MISSING_MARKS)


def _refuse_in_interview(workspace: Workspace | None, file: Path) -> None:
    from gradekit.practice.interview import interview as interviews

    is_sitting = workspace is not None and interviews.resume(workspace) is not None
    if is_sitting or (file.resolve().parent / interviews.STATE).is_file():
        raise KitError(
            "An interview is not finished, and nobody explains there: `kit interview` takes it "
            "up again, and after it `kit explain` helps."
        )


def impatient_with(exercise: Exercise, submission: Submission) -> Exercise:
    """The exercise with less time for an answer that hangs: most is needed for the changes.

    Importing torch takes seconds, where the exercise itself does without.
    """
    import msgspec

    limits = exercise.limits
    loads_torch = any("torch" in cell for cell in submission.cells)
    import_seconds = 1.5 * CHECK_SECONDS if loads_torch else CHECK_SECONDS
    impatient = msgspec.structs.replace(
        limits,
        import_seconds=min(limits.import_seconds, import_seconds),
        check_seconds=min(limits.check_seconds, CHECK_SECONDS),
        submission_seconds=min(limits.submission_seconds, SUBMISSION_SECONDS),
        patience=min(limits.patience, PATIENCE),
    )
    return msgspec.structs.replace(exercise, limits=impatient)


def _record(workspace: Workspace, exercise: Exercise, *, give_up: bool) -> None:
    """It says as much as the third hint; with the change itself, nearly as much as giving up."""
    if workspace.hint_level(exercise) < 3:
        workspace.record("located", exercise, level=3)
    if give_up and not workspace.has_seen_solution(exercise):
        workspace.record("explained", exercise)


class _Tried:
    """What the spinner says: how many changes were tried."""

    def __init__(self) -> None:
        self._done = self._all = 0

    def note(self, done: int, every: int) -> None:
        self._done, self._all = done, every

    def __rich__(self) -> str:
        return f"trying small changes of your answer: {self._done} of {self._all}"
