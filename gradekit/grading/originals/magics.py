"""IPython's magics in the cells of a course: a cell as plain Python, line for line."""

from __future__ import annotations

import ast
import re

CELL = re.compile(r"\s*%%(\w+)[^\n]*")
# A line of its own; `% name` that goes on with the line before is Python.
LINE = re.compile(r"^([ \t]*)([%!?][^\s%=].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
RUNS = ("time", "capture", "prun", "memit")  # what stands below, as it does for learners
TIMED = re.compile(r"%(?:time|prun|memit)[ \t]+(?=[^-\s])")


def without_magics(source: str) -> str | None:
    """The cell as Python; None where its first line says that it is something else."""
    if (first := CELL.match(source)) is not None:
        if first[1] not in RUNS:
            return None
        return without_magics(f"pass  # {first[0].strip()}{source[first.end() :]}")
    return source if _is_python(source) else LINE.sub(_as_python, source)


def _is_python(source: str) -> bool:
    """Whether it is as it stands: `%d` at the start of a line may belong to a text."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _as_python(line: re.Match[str]) -> str:
    """What a line with a magic runs.

    `pass` and not nothing: it may be all that stands below an `if`.
    """
    timed = TIMED.match(line[2])
    return f"{line[1]}{line[2][timed.end() :] if timed else f'pass  # {line[2]}'}"
