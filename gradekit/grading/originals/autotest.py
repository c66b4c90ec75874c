"""nbgrader's AUTOTEST lines: an instructor names expressions, and the solution gives their values.

nbgrader writes assertions in place of them when it releases a notebook. Here the values are found
when the notebook is imported, and stand in the check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

LINE = re.compile(r"^([ \t]*)#+[ \t]*(?:HASHED[ \t]+)?AUTOTEST\b[ \t]*(.*)$", re.MULTILINE)
CALL = "__autotest__"  # what such a line becomes a call of
DIGITS = 2  # to which nbgrader rounds


def is_in(source: str) -> bool:
    """Whether a cell has such lines."""
    return LINE.search(source) is not None


def with_calls(source: str) -> str:
    """The cell with a call for each expression, in the lines where they stand."""

    def called(match: re.Match[str]) -> str:
        expressions = [each.strip() for each in match[2].split(";") if each.strip()]
        calls = [f"{CALL}({each!r}, ({each}))" for each in expressions]
        return match[1] + ("; ".join(calls) or "pass")

    return LINE.sub(called, source)


def snippets_of(line: str) -> tuple[list[str], bool] | None:
    """The expressions that a line names, and whether values are to be hashed; None of any other.

    nbgrader looks at whole lines.
    """
    match = LINE.fullmatch(line)
    if match is None:
        return None
    return [each.strip() for each in match[2].split(";") if each.strip()], "HASHED" in line


def with_lines(source: str, lines: Sequence[str]) -> str:
    """The cell with those tests in place of its AUTOTEST lines, in order."""
    left = iter(lines)
    return LINE.sub(lambda match: next(left), source)


def described(value: Any) -> str:
    """Type and value as nbgrader's templates look at them: floats rounded, sets in order."""
    kind = type(value)
    if kind is float:
        text = str(round(value, DIGITS))
    elif kind in (set, frozenset):
        text = str(sorted(map(str, value)))
    else:
        text = str(value)
    return f"{kind.__name__}: {text}"


def recording(found: list[str]) -> Callable[[str, Any], None]:
    """Notes the values that the solution gives."""
    return lambda expression, value: found.append(described(value))


def judging(expected: Sequence[str]) -> Callable[[str, Any], None]:
    """Compares with the values that the solution gave."""
    left: Iterator[str] = iter(expected)

    def judge(expression: str, value: Any) -> None:
        kind, _, text = next(left).partition(": ")
        got = described(value)
        if not got.startswith(f"{kind}: "):
            raise AssertionError(f"the type of {expression} is not {kind}")
        if got != f"{kind}: {text}":
            raise AssertionError(f"the value of {expression} is not correct")

    return judge
