"""to_mark.csv: what waits for a person's mark, in the columns of overrides.csv.

An instructor fills in the points, and adds the rows to overrides.csv. Nothing here counts.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
from functools import cache
from pathlib import Path

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.overview import Overview
from gradekit.policy_files import CHECK, COLUMNS, OVERRIDES
from gradekit.tables import no_formula, rows_of_table, spreadsheet

TO_MARK = "to_mark.csv"
MORE = ("of", "title", "what earns them", "id")


def to_mark_csv(overview: Overview, course: Course) -> str:
    """A row for each check that waits for a mark, with what the grader says of its points."""

    @cache
    def said(exercise: str) -> dict[str, str]:
        return _below_titles(course.grader(course.find(exercise)))

    rows: list[tuple[str, ...]] = [(*COLUMNS, CHECK, *MORE)]
    for student, exercise, check in sorted(overview.waiting, key=lambda each: each[:2]):
        of, earns = f"{check.max_score:g}", said(exercise).get(check.name, "")
        more = map(no_formula, (check.title, earns, overview.id_of(student)))
        rows.append((no_formula(student), exercise, "", "", check.name, of, *more))
    return spreadsheet(rows)


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
