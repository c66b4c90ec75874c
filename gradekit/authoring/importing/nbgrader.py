"""nbgrader: source notebooks, with the answer in solution cells and tests in graded ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradekit.authoring.importing.found import (
    BEGIN,
    Case,
    Found,
    Passed,
    beside,
    distinct,
    slug_of,
    title_of,
    without_marks,
    without_regions,
)
from gradekit.authoring.importing.notebooks import as_file, notebooks_in
from gradekit.grading.originals import autotest, templates
from gradekit.submission import test_mark

PUT = "# YOUR CODE HERE\nraise NotImplementedError()"  # as nbgrader does


def find(folder: Path, solutions: Path | None) -> Iterator[Found | Passed]:
    """The source notebooks of an nbgrader course, or of any folder."""
    source = folder / "source"
    notebooks = []
    for each in notebooks_in(source if source.is_dir() else folder):
        if isinstance(each, Passed):
            yield each
            continue
        path, cells = each
        if problem := _wrong_marks(cells):
            yield Passed(path, problem)
        elif any(mark_of(cell).get("grade") or mark_of(cell).get("task") for cell in cells):
            notebooks.append((path, cells))
        elif any(mark_of(cell) for cell in cells):
            yield Passed(path, "it has nothing that earns points")
    slugs = distinct((slug_of(path.stem), path.parent.name) for path, _ in notebooks)
    for slug, (path, cells) in zip(slugs, notebooks, strict=True):
        yield _exercise(slug, path, cells, folder)


def _exercise(slug: str, path: Path, cells: list[dict[str, Any]], folder: Path) -> Found:
    answers = [_marked(cell) if _is_test(mark_of(cell)) else cell for cell in cells]
    stub = as_file(answers, _emptied)
    solution = as_file(answers, lambda cell: without_marks(str(cell["source"])))
    around = path.parent
    files = beside([path], around, [each for each in around.glob("*.ipynb") if each != path])
    # Of a course's own templates there may be one file for all assignments.
    whole = folder / templates.FILE
    if whole.is_file() and not (around / templates.FILE).exists() and _asks(cells):
        files, around = (*files, whole), folder
    cases = (Case(path, "NbgraderNotebook"),)
    # nbgrader's own folders: source/ASSIGNMENT/NOTEBOOK
    own = path.parent.name if path.parent.parent == folder / "source" else ""
    assignment = "" if "+" in own else own  # a name that nbgrader refuses
    return Found(slug, title_of(slug), stub, solution, around, files, cases, assignment=assignment)


def mark_of(cell: dict[str, Any]) -> dict[str, Any]:
    """What nbgrader notes about a cell."""
    mark = cell["metadata"].get("nbgrader")
    return mark if isinstance(mark, dict) else {}


def _wrong_marks(cells: list[dict[str, Any]]) -> str:
    """What nbgrader would refuse of what is noted about the cells; empty if nothing."""
    seen: set[str] = set()
    for mark in map(mark_of, cells):
        if not mark.get("grade") and not mark.get("task"):
            continue
        name, points = mark.get("grade_id"), mark.get("points") or 0
        if not isinstance(name, str) or not name:
            return "a graded cell has no grade_id"
        if name in seen:
            return f"two cells have the grade_id `{name}`"
        if not isinstance(points, int | float) or points < 0:
            return f"the points of `{name}` are no number of 0 or more"
        seen.add(name)
    return ""


def _asks(cells: list[dict[str, Any]]) -> bool:
    """Whether there are AUTOTEST lines."""
    return any(autotest.is_in(str(cell["source"])) for cell in cells)


def _is_test(mark: dict[str, Any]) -> bool:
    return bool(mark.get("grade")) and not mark.get("solution")


def _marked(test: dict[str, Any]) -> dict[str, Any]:
    """A cell that leaves a mark where a test stands."""
    return {"cell_type": "code", "metadata": {}, "source": test_mark(mark_of(test)["grade_id"])}


def _emptied(cell: dict[str, Any]) -> str:
    """What learners get of a cell: without its solution, as nbgrader releases it."""
    source = str(cell["source"])
    if cell["cell_type"] != "code" or not mark_of(cell).get("solution"):
        return source
    if BEGIN.search(source):
        return re.sub(r"\n\Z", "", without_regions(source, PUT))
    return PUT
