"""An exported course through stock nbgrader, and every score compared with `kit grade`.

    python benchmarks/nbgrader_roundtrip.py [--students 12] [EXERCISE ...]

Makes a class from the bank of right and wrong answers, takes it through all five commands
of nbgrader, grades the same notebooks with `kit grade`, writes a second gradebook by the
fast path, and compares both gradebooks cell by cell. Exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from gradekit.course import Course, Exercise, default_root

ASSIGNMENT = "ps1"
SCRIPTS = Path(sys.executable).parent


class Step(NamedTuple):
    """One command, and how long it took."""

    command: str
    seconds: float
    printed: str


def run(folder: Path, *words: str) -> Step:
    """Run a command of this environment in `folder`, as in an activated one."""
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    started = time.perf_counter()
    done = subprocess.run(
        [str(SCRIPTS / words[0]), *words[1:]],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout[-4000:]}")
    return Step(" ".join(words), time.perf_counter() - started, done.stdout)


def bank(course: Course, exercise: Exercise) -> Iterator[Path]:
    """Answers from the bank, right and wrong in turn, for ever."""
    folder = course.bank / exercise.name
    right, wrong = (sorted((folder / kind).glob("*.py")) for kind in ("right", "wrong"))
    for pair in zip(cycle(wrong), cycle(right)):  # both never end
        yield from pair


def hand_in(folder: Path, course: Course, exercises: list[Exercise], students: int) -> None:
    """Lay every student's notebooks where nbgrader collects them."""
    import nbformat

    for exercise in exercises:
        released = folder / "release" / ASSIGNMENT / f"{exercise.name}.ipynb"
        for number, answer in enumerate(islice(bank(course, exercise), students)):
            notebook = nbformat.read(released, as_version=4)
            text = answer.read_text("utf-8")
            for cell in notebook.cells:
                if cell.metadata.get("nbgrader", {}).get("solution"):
                    cell.source, text = text or "# It stands in the cell above.", ""
            target = folder / "submitted" / f"student{number:02}" / ASSIGNMENT / released.name
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, target)


Cells = dict[tuple[str, str, str], tuple[object, ...]]


def cells_of(url: str) -> Cells:
    """Every grade and comment of a gradebook by student, notebook and cell."""
    from nbgrader.api import Gradebook

    with Gradebook(url) as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        notebooks = [notebook for each in submissions for notebook in each.notebooks]
        grades = {
            (each.student.id, each.name, grade.name): (
                grade.auto_score,
                grade.score,
                grade.max_score,
                grade.needs_manual_grade,
            )
            for each in notebooks
            for grade in each.grades
        }
        comments = {
            (each.student.id, each.name, f"comment on {comment.name}"): (comment.comment,)
            for each in notebooks
            for comment in each.comments
        }
    return {**grades, **comments}


def scores_of(cells: Cells) -> dict[tuple[str, str], object]:
    """The points of each notebook."""
    totals: dict[tuple[str, str], float] = {}
    for (student, notebook, _), values in cells.items():
        if len(values) > 1:
            key = student, notebook
            totals[key] = totals.get(key, 0.0) + float(values[1])  # type: ignore[arg-type]
    return dict(totals)


def main() -> None:
    """Print what was compared and how long each command took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--students", type=int, default=12)
    parser.add_argument("exercises", nargs="*", default=["softmax", "cross_entropy"])
    arguments = parser.parse_args()
    course = Course(default_root())
    exercises = [course.find(name) for name in arguments.exercises]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve() / "course"
        differences = compare(folder, course, exercises, arguments.students)
    sys.exit(bool(differences))


def compare(folder: Path, course: Course, exercises: list[Exercise], students: int) -> list[str]:
    """Take a class both ways; print the steps, return what differs."""
    names = [exercise.slug for exercise in exercises]
    folder.parent.mkdir(parents=True, exist_ok=True)
    steps = [
        run(folder.parent, "kit", "--course", str(course.root), "export", "nbgrader", str(folder),
            *names, "--assignment", ASSIGNMENT),
        run(folder, "nbgrader", "generate_assignment", ASSIGNMENT),
    ]  # fmt: skip
    hand_in(folder, course, exercises, students)
    shutil.copy(folder / "gradebook.db", folder.parent / "fast.db")
    released = [str(path) for path in sorted((folder / "source" / ASSIGNMENT).glob("*.ipynb"))]
    steps += [
        run(folder, "nbgrader", "validate", *released),
        run(folder, "nbgrader", "autograde", ASSIGNMENT),
        run(folder, "nbgrader", "generate_feedback", ASSIGNMENT),
        run(folder, "nbgrader", "export"),
    ]
    fast = f"sqlite:///{folder.parent / 'fast.db'}"
    steps.append(
        run(folder, "kit", "--course", str(course.root), "grade", "submitted",
            "--out", str(folder.parent / "results"), "--gradebook", fast)
    )  # fmt: skip
    for step in steps:
        print(f"{step.seconds:6.1f} s  {step.command.replace(str(folder.parent), '.')}")
    return differences(folder, fast)


def differences(folder: Path, fast: str) -> list[str]:
    """Compare the gradebooks with each other and with results.jsonl; print and return it."""
    from gradekit.results import read_results

    stock_cells, fast_cells = cells_of(f"sqlite:///{folder / 'gradebook.db'}"), cells_of(fast)
    graded = {
        (result.student, result.exercise): result.report.score
        for result in read_results(folder.parent / "results")
    }
    totals = scores_of(stock_cells)
    found = [
        f"{key}: {stock_cells.get(key)} by autograde, {fast_cells.get(key)} by kit grade"
        for key in sorted(stock_cells.keys() | fast_cells.keys())
        if stock_cells.get(key) != fast_cells.get(key)
    ]
    found += [
        f"{key}: {totals.get(key)} points by autograde, {graded.get(key)} by kit grade"
        for key in sorted(totals.keys() | graded.keys())
        if totals.get(key) != graded.get(key)
    ]
    print(*found, sep="\n", end="\n" if found else "")
    full = sum(score == 10 for score in graded.values())
    print(
        f"{len(graded)} notebooks, {full} with full marks; {len(stock_cells)} cells of the "
        f"gradebooks compared; {len(found)} differences"
    )
    return found


if __name__ == "__main__":
    main()
