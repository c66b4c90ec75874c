"""doctest: modules with examples in their docstrings, and texts with examples of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradekit.authoring.importing.found import (
    Case,
    Found,
    Passed,
    beside,
    distinct,
    slug_of,
    text_of,
    title_of,
    without_solution,
)
from gradekit.authoring.importing.modules import is_test_file, python_files, solution_of

TEXTS = (".txt", ".md", ".rst")
PROMPT = ">>> "


def find(folder: Path, solutions: Path | None) -> Iterator[Found | Passed]:
    """The modules of a folder that examples show: their own, and those of texts beside them."""
    found = []
    for path in python_files(folder):
        if is_test_file(path) or path.stem.endswith("_solution") or path.stem == "solution":
            continue
        texts = [path.with_suffix(suffix) for suffix in TEXTS]
        cases = [each for each in (path, *texts) if each.is_file() and PROMPT in text_of(each)]
        if cases:
            found.append((path, cases))
    slugs = distinct((slug_of(path.stem), path.parent.name) for path, _ in found)
    for slug, (path, cases) in zip(slugs, found, strict=True):
        yield _exercise(slug, path, cases, solutions)


def _exercise(slug: str, module: Path, cases: list[Path], solutions: Path | None) -> Found | Passed:
    solution = solution_of(module, solutions)
    source = text_of(solution or module)
    try:
        stub = text_of(module) if solution else without_solution(source)
    except SyntaxError as error:
        return Passed(module, f"line {error.lineno} is no valid Python: {error.msg}")
    without = [module, *([solution] if solution else [])]
    files = beside([case for case in cases if case not in without], module.parent, without)
    # Only what belongs to this module: a folder may hold many.
    files = tuple(dict.fromkeys([*cases, *(f for f in files if f.suffix not in (".py", *TEXTS))]))
    notes = () if solution else ("no solution beside the stub: the module is taken for it",)
    originals = tuple(Case(case, "DoctestFile") for case in cases)
    return Found(
        slug, title_of(slug), stub, source, module.parent, files, originals, (module.stem,), notes
    )
