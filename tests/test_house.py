"""The house: which room may import which."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import gradekit

PACKAGE = Path(gradekit.__file__).parent
INSIDE = sorted((PACKAGE / "sandbox" / "inside").glob("*.py"))
MAY_BE_IMPORTED = {"wire", "known", "limits", "warmup", "tiers"}


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.stem)
def test_what_runs_beside_a_submission_imports_five_modules_of_ours_at_most(path: Path) -> None:
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


def test_no_package_may_have_circles() -> None:
    """A new folder has to be named in the contract, or nothing would look for circles in it."""
    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (named,) = [each["ancestors"] for each in contracts if each["type"] == "acyclic_siblings"]
    folders = [path.parent for path in PACKAGE.rglob("__init__.py")]
    assert sorted(named) == sorted(
        ".".join(folder.relative_to(PACKAGE.parent).parts) for folder in folders
    )
