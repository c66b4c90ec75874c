"""What Gradescope's run_autograder runs: grades submission/, writes results/results.json.

    python -m gradekit.export.gradescope_run ROOT EXERCISE... [--feedback LEVEL]

Where the failure is our own, no results.json is written: Gradescope then reports a broken
autograder, and nobody loses points by it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from gradekit.batch.grader import isolation_for_strangers
from gradekit.course import Course, Exercise
from gradekit.engine import EXPLAINED_CAUSES, open_session
from gradekit.errors import KitError
from gradekit.export.gradescope import Missing, results
from gradekit.feedback import LEVELS
from gradekit.intake.discovery import answers_of_one
from gradekit.intake.entries import contents_of
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.items import HandedIn
from gradekit.intake.placing import Placed
from gradekit.report import Report
from gradekit.results import printable
from gradekit.submission import parse
from gradekit.submission import read as read_stub

OUR_FAILURE = 3


def answers(handed_in: HandedIn, course: Course, exercises: list[Exercise]) -> dict[str, Placed]:
    """The file that answers each exercise, placed as `kit grade` places it."""
    return answers_of_one(handed_in, course, [exercise.name for exercise in exercises])[0]


@click.command()
@click.argument("root", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1)
@click.option("--feedback", type=click.Choice(LEVELS), default="hints")
@click.option("--isolation")
def main(root: Path, names: tuple[str, ...], feedback: Any, isolation: str | None) -> None:
    """Grade what one student handed in."""
    course = Course(root / "source" / "course")
    exercises = [course.find(name) for name in names]
    tier = isolation_for_strangers(isolation)
    handed_in = open_handed_in(root / "submission")
    found = answers(handed_in, course, exercises)
    graded: list[Report] = []
    missing: list[Missing] = []
    is_full = feedback == "full"
    for exercise in exercises:
        answer = found.get(exercise.name)
        verdict = _graded(course, exercise, handed_in, answer, tier, is_full)
        if isinstance(verdict, Missing):
            missing.append(verdict)
        else:
            graded.append(verdict)
    if any(report.not_run for report in graded):
        click.echo("some checks could not be run", err=True)
        sys.exit(OUR_FAILURE)
    target = root / "results" / "results.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results(graded, missing, feedback), indent=2), "utf-8")


def _graded(
    course: Course,
    exercise: Exercise,
    handed_in: HandedIn,
    answer: Placed | None,
    isolation: str,
    explain: bool,
) -> Report | Missing:
    with open_session(course, exercise, isolation) as session:
        try:
            if answer is None:
                raise KitError(f"Nothing was handed in for it: {exercise.file_name} or .ipynb.")
            path = answer.item.path
            contents = contents_of(handed_in, path, answer.beside, answer.stub)
            submission = parse(Path(path), *contents)
            report = session.grade(submission)
            if explain:
                report = session.explained(submission, report, most=EXPLAINED_CAUSES)
            read = f"read from {printable(path)}"
            return msgspec.structs.replace(report, passed_over=(read, *report.passed_over))
        except KitError as error:
            # How many points are missing, only a report tells: that of the stub will do.
            points = session.grade(read_stub(course.stub(exercise))).max_score
            return Missing(exercise.name, points, str(error))


if __name__ == "__main__":
    main()
