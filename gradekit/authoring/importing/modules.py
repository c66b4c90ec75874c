"""Courses of Python modules: a stub, its solution, and files of tests that import it."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gradekit.authoring.importing.found import (
    Case,
    Found,
    Passed,
    beside,
    distinct,
    imports_of,
    slug_of,
    text_of,
    title_of,
    without_solution,
)
from gradekit.errors import KitError

# Where the solution of `name.py` lies, from the folder of the stub.
SOLUTIONS = (
    ".meta/example.py",
    ".meta/exemplar.py",
    "solution/{}.py",
    "solutions/{}.py",
    "../solution/{}.py",
    "../solutions/{}.py",
    "{}_solution.py",
    "solution.py",
    "solution_{}.py",
)
LEFT_OUT = {"solution", "solutions", "__pycache__", "venv", "node_modules", "build", "dist"}


def is_test_file(path: Path) -> bool:
    """Whether pytest and unittest would take a file for one of tests."""
    name = path.stem
    return name.startswith("test_") or name.endswith("_test") or name in ("tests", "test")


def python_files(folder: Path) -> Iterator[Path]:
    """The Python files of a folder, without those of tools and of solutions."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts[:-1]
        if not any(part.startswith(".") or part in LEFT_OUT for part in parts):
            yield path


def find(
    folder: Path, solutions: Path | None, reader: str, is_ours: Callable[[str], bool]
) -> Iterator[Found | Passed]:
    """The exercises of a folder: one for each module that tests import.

    Args:
        solutions: A folder with solutions, called like the stubs; or None for the usual places.
        reader: The class that runs the tests.
        is_ours: Whether a source holds tests of this kind.
    """
    by_module: dict[Path, list[Path]] = {}
    for path in python_files(folder):
        if not is_test_file(path) or not is_ours(text_of(path)):
            continue
        modules = _tested(path, folder)
        if not modules:
            yield Passed(path, "it imports no module that lies beside it")
        elif len(modules) > 1:
            names = ", ".join(module.name for module in modules)
            yield Passed(path, f"it tests several modules at once ({names})")
        else:
            by_module.setdefault(modules[0], []).append(path)
    slugs = distinct((slug_of(m.stem), m.parent.name) for m in by_module)
    for slug, (module, tests) in zip(slugs, by_module.items(), strict=True):
        yield _exercise(slug, module, tests, folder, solutions, reader)


def _tested(test: Path, root: Path) -> list[Path]:
    """The modules beside a test, or around it up to the root, that it imports to test them."""
    places = [test.parent, *(p for p in test.parents if root in (p, *p.parents))]
    found: dict[Path, None] = {}
    for name in sorted(imports_of(text_of(test))):
        for place in dict.fromkeys(places):
            candidates = [place / f"{name.replace('.', '/')}.py", place / "src" / f"{name}.py"]
            path = next((each for each in candidates if each.is_file()), None)
            if path is not None and not _helps_tests(path):
                found.setdefault(path)
                break
    named = [path for path in found if path.stem in _meant_by(test)]
    return named or list(found)


def _meant_by(test: Path) -> set[str]:
    name = test.stem
    return {name.removeprefix("test_"), name.removesuffix("_test")} - {name}


def _helps_tests(path: Path) -> bool:
    return is_test_file(path) or path.stem in ("conftest", "test_utils", "helpers", "utils")


def solution_of(stub: Path, solutions: Path | None) -> Path | None:
    """Where the solution of a stub lies; None where the module is its own solution.

    Raises:
        KitError: it was said where solutions are, and this one is not there.
    """
    if solutions is not None:
        path = solutions if solutions.is_file() else solutions / stub.name
        if not path.is_file():
            raise KitError(f"There is no solution {path}.")
        return path
    places = (stub.parent / place.format(stub.stem) for place in SOLUTIONS)
    return next((path for path in places if path.is_file()), None)


def _exercise(
    slug: str, module: Path, tests: list[Path], root: Path, solutions: Path | None, reader: str
) -> Found | Passed:
    solution = solution_of(module, solutions)
    source = text_of(solution or module)
    try:
        ast.parse(source)
        stub = text_of(module) if solution else without_solution(source)
    except SyntaxError as error:
        return Passed(solution or module, f"line {error.lineno} is no valid Python: {error.msg}")
    folder = _common([*tests, module])
    files = beside(tests, folder, [module, *([solution] if solution else [])])
    cases = tuple(Case(test, reader) for test in tests)
    notes = () if solution else ("no solution beside the stub: the module is taken for it",)
    names = _names_of(module, root)
    return Found(slug, title_of(slug), stub, source, folder, files, cases, names, notes)


def _common(paths: list[Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths]))


def _names_of(module: Path, root: Path) -> tuple[str, ...]:
    """All names under which tests may import it: `name`, `package.name`."""
    parts = module.relative_to(root).with_suffix("").parts
    return tuple(
        ".".join(parts[start:])
        for start in range(len(parts) - 1, -1, -1)
        if all(part.isidentifier() for part in parts[start:])
    )
