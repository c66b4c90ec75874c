"""`kit check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gradekit.commands._grading import grade_answer
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


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--feedback", type=FEEDBACK, default="full", help="How much to show.")
@click.option(
    "--isolation",
    type=ISOLATION,
    help="Weaker isolation than this machine has, for trying out.",
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
    plain: bool,
) -> None:
    """Grade an answer to EXERCISE: FILE (.py or .ipynb), or your own stub.

    EXERCISE is any of its names: 5, 05, softmax, exercise_05, exercise_05_softmax.

    \b
    Example:
        kit check softmax
        kit check 05 somewhere/answer.ipynb --feedback hints
    """
    from gradekit.submission import read

    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    own = workspace.answer(exercise) if workspace else None
    file = file or own
    if file is None:
        raise KitError(
            "This is no practice folder, so say which file to grade: "
            f"`kit check {name} FILE`.\nOr make a practice folder: `kit init practice`."
        )
    is_own = own is not None and file.resolve() == own.resolve()
    submission = workspace.read_answer(exercise) if workspace and is_own else read(file)
    report = grade_answer(course, exercise, submission, isolation)
    if workspace and is_own:
        workspace.record_check(report, exercise)
    with output_may_go_unread():
        _show(report, feedback, as_json, plain)
    sys.exit(OUR_FAILURE if report.not_run else PASSED if report.passed else MISSING_MARKS)


def _show(report: Any, feedback: Any, as_json: bool, plain: bool) -> None:
    from gradekit.feedback import at_level
    from gradekit.render.plain import sentences
    from gradekit.render.terminal import console, print_report
    from gradekit.report import to_json

    shown = at_level(report, feedback)
    if report.isolation == "process":
        warning = "this machine cannot isolate code: only check answers you trust (`kit doctor`)."
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        click.echo(to_json(shown))
    elif plain:
        for sentence in sentences(shown):
            click.echo(sentence)
    else:
        print_report(console(), shown)
