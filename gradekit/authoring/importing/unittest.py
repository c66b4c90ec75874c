"""unittest: modules with test cases, as on Exercism's Python track."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradekit.authoring.importing import modules
from gradekit.authoring.importing.found import Found, Passed


def find(folder: Path, solutions: Path | None) -> Iterator[Found | Passed]:
    """The exercises of a folder that test cases test."""
    return modules.find(folder, solutions, "UnittestFile", lambda text: "TestCase" in text)
