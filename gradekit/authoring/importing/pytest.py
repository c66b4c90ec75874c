"""pytest: modules with test functions and fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradekit.authoring.importing import modules
from gradekit.authoring.importing.found import Found, Passed


def find(folder: Path, solutions: Path | None) -> Iterator[Found | Passed]:
    """The exercises of a folder that files of tests test."""
    return modules.find(folder, solutions, "PytestFile", lambda text: "def test" in text)
