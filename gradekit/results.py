"""What `kit grade` knows of a class: one result a submission, and the file that keeps them.

results.jsonl holds one JSON object a line and is only ever appended to, so a reader takes
every line that is whole. What could not be graded stands in not_graded.csv beside it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gradekit.report import Report

RESULTS = "results.jsonl"


class Result(msgspec.Struct, frozen=True):
    """One line: whose answer to what, in which file, and what became of it."""

    student: str
    exercise: str
    file: str
    report: Report


class NotGraded(msgspec.Struct, frozen=True):
    """A file that nobody's points come from. `student` and `exercise` are "" where unknown."""

    file: str
    student: str
    exercise: str
    reason: str


def read_results(folder: Path) -> Iterator[Result]:
    """All results in `folder`, in the order in which they were finished."""
    path = folder / RESULTS
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            with contextlib.suppress(msgspec.DecodeError):  # a line that a crash cut short
                yield msgspec.json.decode(line, type=Result)


def printable(text: str) -> str:
    """`text` as it can be shown and stored: names of files may hold any bytes."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
