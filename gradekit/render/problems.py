"""Report -> `file:line: message`, one a failed check: what editors list as problems."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradekit.causes import line_of
from gradekit.definitions import defined_in
from gradekit.report import Check, Report

OWN_LINE = re.compile(r"line (\d+) is no valid Python|\(line (\d+)\b")


def problems(report: Report, file: Path, cells: Sequence[str]) -> Iterator[str]:
    """One line each, at the line that is proven to be at fault, else where the function begins.

    Args:
        cells: The source; in a notebook the lines are those of a cell, and none is named.
    """
    if common := report.common_problem:
        found = OWN_LINE.search(common)
        line = int(found[1] or found[2]) if found else 1
        yield f"{file}:{line}: {_on_one_line(common)}"
        return
    starts = _functions_in(cells[0]) if len(cells) == 1 else {}
    for check in (*report.not_run, *report.failed):
        proven = line_of(check)
        line = proven[0] if proven else starts.get(check.function, 1)
        yield f"{file}:{line}: {_on_one_line(_message(check))}"


def _message(check: Check) -> str:
    if check.outcome == "not_run":
        return f"not run, through a fault of kit's own: {check.title}"
    if check.is_unwritten:
        return f"{check.function} is not written yet"
    if example := check.counterexample:
        call = f"{example.call} {example.after}".rstrip()
        return f"{check.title} {call}: expected {example.expected}, got {example.got}"
    return f"{check.title} {check.told}"


def _functions_in(source: str) -> dict[str, int]:
    """The lines at which functions and classes begin, by name; nothing of what is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return {name: node.lineno for name, node in defined_in(tree.body).items()}


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
