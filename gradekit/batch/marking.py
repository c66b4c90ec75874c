"""to_mark.csv: what waits for a person's mark, in the columns of overrides.csv.

An instructor fills in the points, and adds the rows to overrides.csv. Nothing here counts.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from gradekit.alphabet import alphabetical
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.entries import Entry
from gradekit.intake.items import HandedIn
from gradekit.overview import Overview
from gradekit.policy_files import CHECK, COLUMNS, OVERRIDES
from gradekit.report import Check
from gradekit.tables import no_formula, rows_of_table, spreadsheet

TO_MARK = "to_mark.csv"
MORE = ("of", "title", "what earns them", "text", "file", "id")
TEXT_CHARACTERS = 10_000


class _Marks(msgspec.Struct, frozen=True):
    grade_id: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    nbgrader: _Marks | None = None


class _Cell(msgspec.Struct, frozen=True):
    """A cell of a notebook that somebody handed in."""

    source: str | list[str] = ""
    metadata: _Metadata = _Metadata()

    @property
    def text(self) -> str:
        return self.source if isinstance(self.source, str) else "".join(self.source)


class _Notebook(msgspec.Struct, frozen=True):
    cells: list[_Cell] = []


def to_mark_csv(
    overview: Overview,
    course: Course,
    handed_in: HandedIn | None = None,
    entries: Iterable[Entry] = (),
) -> str:
    """A row for each check that waits for a mark, with what the grader says of its points.

    Args:
        handed_in, entries: Where the texts stand that are cells of nbgrader's.
    """
    counted = {(each.student, each.exercise): each for each in entries if each.counted}

    def told(student: str, exercise: str, check: Check) -> tuple[str, str]:
        entry = counted.get((student, exercise))
        if entry is None or handed_in is None:
            return "", ""
        return _text_in(handed_in, entry.path, check.function), entry.file

    @cache
    def said(exercise: str) -> dict[str, str]:
        return _below_titles(course.grader(course.find(exercise)))

    rows: list[tuple[str, ...]] = [(*COLUMNS, CHECK, *MORE)]
    for student, exercise, check in sorted(overview.waiting, key=_order):
        of, earns = f"{check.max_score:g}", said(exercise).get(check.name, "")
        text, file = told(student, exercise, check)
        more = map(no_formula, (check.title, earns, text, file, overview.id_of(student)))
        rows.append((no_formula(student), exercise, "", "", check.name, of, *more))
    return spreadsheet(rows)


def _order(waiting: tuple[str, str, Check]) -> tuple[object, ...]:
    student, exercise, _ = waiting
    return exercise, alphabetical(student)


def _text_in(handed_in: HandedIn, path: str, grade_id: str) -> str:
    """The text of a cell of nbgrader's; "" where there is none of that name."""
    if not path.endswith(".ipynb"):
        return ""
    try:
        cells = msgspec.json.decode(handed_in.read(path), type=_Notebook).cells
    except (KitError, msgspec.DecodeError, RecursionError):  # a stranger's bytes
        return ""
    named = ((each.metadata.nbgrader, each.text) for each in cells)
    texts = (text for marks, text in named if marks is not None and marks.grade_id == grade_id)
    return next(texts, "")[:TEXT_CHARACTERS]


def require_taken_over(folder: Path, course: Course) -> None:
    """See to it that no points are lost that somebody wrote into to_mark.csv itself.

    Raises:
        KitError: some are there, and count nowhere.
    """
    path, overrides = folder / TO_MARK, folder / OVERRIDES
    if not path.is_file():
        return
    filled = _filled_in(path, course)
    if filled - (_filled_in(overrides, course) if overrides.is_file() else set()):
        raise KitError(
            f"{path} has points that count nowhere yet: add its rows to {overrides}, or rename it "
            "to that if there is none."
        )


def _filled_in(path: Path, course: Course) -> set[tuple[str, ...]]:
    """What a table has points for: student, exercise and check."""

    def key(row: dict[str, str]) -> tuple[str, ...]:
        exercise = row.get("exercise", "")
        with contextlib.suppress(KitError):
            exercise = course.find(exercise).name
        return row.get("student", "").casefold(), exercise, row.get(CHECK, "")

    (_, first), *rows = rows_of_table(path) or [(1, [])]
    header = [name.strip().casefold() for name in first]
    tables = (dict(zip(header, (c.strip() for c in cells), strict=False)) for _, cells in rows)
    return {key(row) for row in tables if row.get("points")}


def _below_titles(grader: Path) -> dict[str, str]:
    """What stands in the docstrings of checks below their first paragraphs, by their names."""
    try:
        tree = ast.parse(grader.read_bytes())
    except (OSError, SyntaxError, ValueError):  # it has been changed since
        return {}
    texts = {
        each.name: inspect.cleandoc(ast.get_docstring(each) or "")
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
    }
    return {name: text.partition("\n\n")[2] for name, text in texts.items()}
