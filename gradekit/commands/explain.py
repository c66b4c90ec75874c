"""`kit explain`: in which line an answer is wrong."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._grading import graded_answer, spinner
from gradekit.commands._group import (
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
    from gradekit.course import Course, Exercise
    from gradekit.practice.workspace import Workspace
    from gradekit.submission import Submission

SECONDS = 27.0  # from the command's beginning; half a minute is the most that one waits


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--give-up", is_flag=True, help="Show the change itself, too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@plain_option
@click.pass_context
def explain(
    context: click.Context,
    name: str,
    file: Path | None,
    give_up: bool,
    as_json: bool,
    plain: bool,
) -> None:
    """Say in which line an answer to EXERCISE is wrong: FILE, or your own stub.

    Small changes of the answer are tried, some hundred, as an interviewer would ask: "along which
    axis?". Those that mend something point at the line.

    \b
    Example:
        kit explain softmax
        kit explain softmax --give-up
    """
    from gradekit.explain.explanation import explain as explained
    from gradekit.explain.explanation import to_json, without_edits
    from gradekit.explain.words import sentences

    deadline = time.monotonic() + SECONDS
    course = course_of(context)
    exercise = course.find(name)
    submission, seed, workspace = _answer(course, exercise, file, name)
    with graded_answer(course, _impatient(exercise), submission, seed=seed) as (session, report):
        if report.not_run:
            raise KitError(f"A check could not be run: `kit check {exercise.slug}` says which.")
        if report.passed:
            found: Any = None
        else:
            shown = _Tried()
            with spinner(shown) if not (as_json or plain) else nullcontext():
                found = explained(
                    session, submission, report, deadline=deadline, progress=shown.note
                )
    if workspace is not None and found is not None:
        _record(workspace, exercise, give_up=give_up)
    with output_may_go_unread():
        if as_json:
            click.echo(_solved(report.exercise) if found is None else to_json(
                found if give_up else without_edits(found)
            ))
        elif found is None:
            click.echo(f"`{exercise.slug}` earns every point: there is nothing to explain.")
        else:
            for sentence in sentences(found, gave_up=give_up):
                click.echo(sentence)
    sys.exit(PASSED if found is None else MISSING_MARKS)
