"""`kit import`: from a folder that exists to exercises of a course."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from gradekit.authoring.importing.found import Found, Passed
from gradekit.authoring.importing.told import page
from gradekit.authoring.importing.trial import Outcome, try_all
from gradekit.authoring.importing.writing import Target, add_entries, opened
from gradekit.edits.mutants import require_operators
from gradekit.errors import KitError

KINDS = ("nbgrader", "otter", "unittest", "pytest", "doctest")
TOLD = "IMPORT.md"


class Imported(NamedTuple):
    """What was imported, what was passed over, and where it is told."""

    outcomes: list[Outcome]
    passed: list[Passed]
    told: Path


def import_course(
    kind: str,
    folder: Path,
    into: Path,
    *,
    solutions: Path | None,
    with_mutants: bool,
    jobs: int,
    on_found: Callable[[int], None],
    on_done: Callable[[Outcome], None],
) -> Imported:
    """Import the exercises of a folder into a course.

    Args:
        kind: One of KINDS.
        solutions: Where the solutions are, if not in a usual place beside the stubs.
        with_mutants: Try what share of the solution's mutants the tests catch.
    Raises:
        KitError: there is nothing to import, or the course cannot be written.
    """
    if with_mutants:
        require_operators()
    folder = folder.resolve()
    found = list(import_module(f"gradekit.authoring.importing.{kind}").find(folder, solutions))
    exercises = [each for each in found if isinstance(each, Found)]
    passed = [each for each in found if isinstance(each, Passed)]
    if not exercises:
        raise KitError(_nothing(kind, folder, passed))
    on_found(len(exercises))
    course = opened(into)
    taken = {name for each in course.exercises for name in each.names}
    if again := next((each for each in exercises if each.slug in taken), None):
        raise KitError(f"{into} has an exercise `{again.slug}` already: name another course.")
    first = max((int(each.number) for each in course.exercises), default=0) + 1
    targets = [Target(course, each, first + n, kind) for n, each in enumerate(exercises)]
    try:
        for target in targets:
            target.write_files()
        course = add_entries(course, (target.entry() for target in targets))
        for target in targets:
            target.course = course
        outcomes = try_all(targets, with_mutants, jobs, on_done)
        told = course.root / TOLD
        before = told.read_text("utf-8") + "\n" if told.exists() else ""
        told.write_text(before + page(kind, outcomes, passed), "utf-8")
    except OSError as error:
        raise KitError(f"{error.filename or into} cannot be written: {error.strerror}.") from None
    return Imported(outcomes, passed, told)


def _nothing(kind: str, folder: Path, passed: list[Passed]) -> str:
    """Why there is nothing to import."""
    reasons = "".join(f"\n{each.path}: {each.why}." for each in passed[:5])
    return f"There are no {kind} tests in {folder} that could be imported.{reasons}"
