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

from gradekit.batch.discovery import SUFFIXES, ExerciseNames
from gradekit.batch.grader import isolation_for_strangers
from gradekit.course import Course, Exercise
from gradekit.engine import open_session
from gradekit.errors import KitError
from gradekit.export.gradescope import Missing, results
from gradekit.feedback import LEVELS
from gradekit.report import Report
from gradekit.submission import read

OUR_FAILURE = 3


def answers(folder: Path, course: Course, exercises: list[Exercise]) -> dict[str, Path]:
    """The file that answers each exercise, by its name; the only file answers the only one."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink()
    ]
    if len(files) == len(exercises) == 1:
        return {exercises[0].name: files[0]}
    names, found = ExerciseNames(course), dict[str, Path]()
    for path in files:
        named = names.within(path.stem)
        exercise = named[0] if named else names.whole(path.stem)
        if exercise is not None:
            found.setdefault(exercise, path)
    return found


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
    found = answers(root / "submission", course, exercises)
    graded: list[Report] = []
    missing: list[Missing] = []
    for exercise in exercises:
        verdict = _graded(course, exercise, found.get(exercise.name), tier)
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
    course: Course, exercise: Exercise, answer: Path | None, isolation: str
) -> Report | Missing:
    with open_session(course, exercise, isolation) as session:
        try:
            if answer is None:
                raise KitError(f"Nothing was handed in for it: {exercise.file_name} or .ipynb.")
            return session.grade(read(answer))
        except KitError as error:
            points = session.grade(read(course.stub(exercise))).max_score
            reason = str(error).replace(str(answer), answer.name if answer else "")
            return Missing(exercise.name, points, reason)


if __name__ == "__main__":
    main()
