"""The house: which room may import which."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import gradekit
from gradekit.batch.versions import ENGINE

PACKAGE = Path(gradekit.__file__).parent
INSIDE = sorted((PACKAGE / "sandbox" / "inside").glob("*.py"))
MAY_BE_IMPORTED = {
    "wire", "frames", "known", "landlock", "limits", "snapshots", "sparse", "warmup", "wholes",
    "tiers", "draws",
}  # fmt: skip
# They say whose an answer is, where files are kept, how errors are called and when processes end:
# nothing of a report.
NO_REPORT = {
    "alphabet.py", "caches.py", "errors.py", "processes.py", "results.py", "roster.py", "tables.py",
}  # fmt: skip


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.stem)
def test_what_runs_beside_a_submission_imports_few_modules_of_ours(path: Path) -> None:
    """Whatever is imported there lies open to the submission."""
    inside = "gradekit.sandbox.inside"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        ours = [name for name in names if name.split(".")[0] == "gradekit"]
        for name in ours:
            part = name.removeprefix("gradekit.sandbox.").split(".")[0]
            assert name.startswith(inside) or part in MAY_BE_IMPORTED, f"{path.name}: {name}"


def test_what_decides_a_report_counts_as_the_engine() -> None:
    """A result is kept only while the engine is as it was: no module of it may be forgotten."""
    waiting = [path for name in ENGINE for path in _files_of(PACKAGE / name)]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += _imported_of_ours(path)
    rooms = {path.relative_to(PACKAGE).parts[0] for path in seen}
    assert rooms - {"__init__.py"} == {*ENGINE, *NO_REPORT}


def _files_of(path: Path) -> list[Path]:
    return [path] if path.is_file() else [*path.rglob("*.py")]


def _imported_of_ours(path: Path) -> list[Path]:
    """The modules of ours that one imports, be it in a function."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradekit"):
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            places = [PACKAGE.parent.joinpath(*name.split(".")) for name in names]
            found += [place.with_suffix(".py") for place in places]
            found += [place / "__init__.py" for place in places]
    return [each for each in found if each.is_file()]


def test_no_package_may_have_circles() -> None:
    """A new folder has to be named in the contract, or nothing would look for circles in it."""
    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (named,) = [each["ancestors"] for each in contracts if each["type"] == "acyclic_siblings"]
    folders = [path.parent for path in PACKAGE.rglob("__init__.py")]
    assert sorted(named) == sorted(
        ".".join(folder.relative_to(PACKAGE.parent).parts) for folder in folders
    )
