"""`kit try`: the call that fails as a file to run, in one's own Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradekit.commands._grading import graded_answer
from gradekit.commands._group import course_of, kit
from gradekit.commands._options import EXERCISE, practice_folder

if TYPE_CHECKING:
    from gradekit.course import Exercise
    from gradekit.report import Counterexample, Report

CAUSES = 4  # of failures: the first of them may have no call, such as a function that is not there


@kit.command("try", short_help="Write the call that fails into a small script, and run it.")
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--call", metavar="CODE", help="Try this call instead, such as 'softmax([1, 2])'.")
@click.option("--no-run", is_flag=True, help="Write the file, but do not run it.")
@click.pass_context
def try_(context: click.Context, name: str, call: str | None, no_run: bool) -> None:
    """Write the call on which your answer is wrong into a small file, and run it.

    The file lies beside your answer. You may change it, and put `breakpoint()` or `print` into it
    or into your answer. It runs in your own Python, without the sandbox. So this works only for
    your own answer in a practice folder, a .py or a notebook.

    \b
    Example:
        kit try softmax
        kit try softmax --call "softmax([1, 2])"
    """
    from gradekit.practice import trial
    from gradekit.practice.screen.paint import shortest

    course = course_of(context)
    exercise = course.find(name)
    workspace = practice_folder(context)
    trial.refuse_others(workspace, exercise, name)
    submission = trial.answer_of(workspace, exercise)
    seed = workspace.seed_of(exercise)
    with graded_answer(course, exercise, submission, seed=seed) as (session, report):
        example: Counterexample | None
        # In the open session: what is expected is worked out by the grader's truth.
        if call is not None:
            function, args, keywords = trial.parsed(call)
            if not report.common_problem:
                trial.refuse_unknown(submission, function)
            example = trial.own_example(call, session.expected(function, args, keywords))
        else:
            example = trial.example_of(session.explained(submission, report, most=CAUSES))
    if example is None:
        click.echo(_why_none(exercise, report))
        return
    path = trial.write(workspace, exercise, example, submission)
    click.echo(f"{shortest(path)} is written.")
    if not no_run:
        python = trial.own_python()
        click.echo(f"{python} {shortest(path)}")
        trial.run(python, path)
        if example.expected:
            click.echo(f"expected {example.expected}")


def _why_none(exercise: Exercise, report: Report) -> str:
    """Why there is no call to try."""
    if report.passed:
        return f"`{exercise.slug}` {report.praise}: there is nothing wrong to try."
    if all(check.is_unwritten for check in report.failed):
        return f"Nothing is written yet that a call could try: `kit hint {exercise.slug}`."
    if problem := report.common_problem:
        return f"No call can be tried: {problem}"
    return (
        "No small call was found on which it is wrong.\n"
        f"`kit check {exercise.slug} -v` has the messages; `--call CODE` tries one of yours."
    )
