"""otter's masters as they were: brought into the form that they have since version 3.

Before that, and in jassign, a question began in a cell of text, in a fence; its answers were the
cells below with marks of a solution, and its tests those that begin with `# TEST`. Since then marks
stand in cells of their own, which may also be a text in a fence of the language `otter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

FENCED = re.compile(r"\s*```\s*otter[ \t]*\n(.*?)\n?\s*```\s*", re.DOTALL)
OLD_MARK = re.compile(
    r"^\s*```\s*BEGIN (QUESTION|ASSIGNMENT)\b[^\n]*\n(.*?)(?:```|\Z)", re.M | re.S
)
OLD_TEST = re.compile(r"\s*#+\s*(hidden\s+)?test\s*#*\s*$", re.IGNORECASE | re.MULTILINE)
SOLUTION = re.compile(
    r"#\s*(BEGIN )?SOLUTION\b|^\s*##\s*solution\s*##|(\*\*|<strong>)solution:?(\*\*|</strong>)",
    re.IGNORECASE | re.MULTILINE,
)
Cell = dict[str, Any]  # as a notebook's JSON has it
NAMES = {"QUESTION": "QUESTION", "ASSIGNMENT": "ASSIGNMENT CONFIG"}


def of_today(cells: Iterable[Cell]) -> list[Cell]:
    """The cells of a master notebook, all marks in raw cells."""
    unfenced = [*map(_unfenced, cells)]
    is_old = any(_old_mark_in(cell) for cell in unfenced)
    return [*_from_old(unfenced)] if is_old else unfenced


def _text_of(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _raw(text: str) -> Cell:
    return {"cell_type": "raw", "metadata": {}, "source": text}


def _unfenced(cell: Cell) -> Cell:
    found = FENCED.fullmatch(_text_of(cell)) if cell["cell_type"] == "markdown" else None
    return cell if found is None else _raw(found[1].strip())


def _old_mark_in(cell: Cell) -> re.Match[str] | None:
    return None if cell["cell_type"] == "code" else OLD_MARK.search(_text_of(cell))


def _from_old(cells: Iterable[Cell]) -> Iterator[Cell]:
    is_question = is_testing = False
    for cell in cells:
        text = _text_of(cell)
        is_test = is_question and cell["cell_type"] == "code" and bool(OLD_TEST.match(text))
        mark = _old_mark_in(cell)
        # The tests are the last cells of a question.
        if is_testing and not is_test:
            yield _raw("# END TESTS")
        if is_question and (mark is not None or (is_testing and not is_test)):
            yield _raw("# END QUESTION")
            is_question = False
        if is_test and not is_testing:
            yield _raw("# BEGIN TESTS")
        is_testing = is_test
        if mark is not None:
            yield {**cell, "source": f"{text[: mark.start()]}{text[mark.end() :]}".strip()}
            name = NAMES[mark[1]]
            yield _raw(f"# {name if name != mark[1] else f'BEGIN {name}'}\n{mark[2]}")
            is_question = mark[1] == "QUESTION"
        elif not is_test and SOLUTION.search(text):
            yield from (_raw("# BEGIN SOLUTION"), cell, _raw("# END SOLUTION"))
        else:
            yield cell
    if is_testing:
        yield _raw("# END TESTS")
