"""The source of an answer as HTML: escaped, highlighted, with the lines marked that failed.

Highlighted by one pattern of our own: pygments takes 2 ms for an answer, a sixth of what it costs
to grade it, and this a tenth of that.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from gradekit.causes import line_of
from gradekit.definitions import defined_in, first_line_of
from gradekit.report import Check, Report, clean
from gradekit.submission import Submission

LINES, CHARACTERS = 2_000, 100_000  # of an answer; what lies beyond is left out
EXCERPT = 40  # lines of a function that are shown as an example
KEYWORDS = (
    "False None True and as assert async await break class continue def del elif else except "
    "finally for from global if import in is lambda nonlocal not or pass raise return try while "
    "with yield match case"
).split()
# Comment, string, keyword, number. A string that is not closed ends with its line, or the text.
TOKEN = re.compile(
    r"(?P<c>\#[^\n]*)"
    r"|(?P<s>(?:\b[rbfuRBFU]{1,2})?(?:'''(?:[^\\]|\\.)*?(?:'''|\Z)|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)"
    r"|'(?:[^'\\\n]|\\.)*'?|\"(?:[^\"\\\n]|\\.)*\"?))"
    rf"|(?P<k>\b(?:{'|'.join(KEYWORDS)})\b)"
    r"|(?P<n>\b\d[\w.]*)",
    re.DOTALL,
)
EMPTY = re.compile(r'<i class="\w+"></i>')
NO_PYTHON_AT = re.compile(r"line (?P<line>\d+) is no valid Python")
STOPPED_AT = re.compile(
    r"running the file stopped .*\(line (?P<line>\d+)(?:: `(?P<code>[^\n]*)`)?\)$"
)
PASSED_OVER_AT = re.compile(r"(?:cell (?P<cell>\d+), )?line (?P<line>\d+)\b")


class Mark(NamedTuple):
    """Something to say of a line: `kind` is `failed` or `passed`, for passed over.

    `cell` counts from 1; 0 where it is not told, and `code` is in the line that is meant.
    """

    kind: str
    line: int
    text: str
    cell: int = 0
    code: str = ""


def marks(report: Report) -> list[Mark]:
    """What a report says of single lines: where it failed, and what was passed over."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for check in report.failed:
        if place := _place(check):
            found[place].append(check.title)
    failed = [
        Mark(
            "failed", line, f"{len(titles)} checks fail here" if titles[1:] else titles[0], 0, code
        )
        for (line, code), titles in found.items()
    ]
    over = (PASSED_OVER_AT.match(note) for note in report.passed_over)
    passed = [
        Mark("passed", int(match["line"]), "passed over", int(match["cell"] or 0))
        for match in over
        if match
    ]
    return failed + passed


def _place(check: Check) -> tuple[int, str] | None:
    """The line on which a check failed, and its text, where that is known."""
    if place := line_of(check):
        return place
    if match := NO_PYTHON_AT.match(check.told):
        return int(match["line"]), ""
    match = STOPPED_AT.match(check.told)
    return (int(match["line"]), match["code"] or "") if match else None


class Listing:
    """An answer to be shown; it is highlighted once, and marked as each reader may see."""

    def __init__(self, submission: Submission) -> None:
        self._cells = submission.cells
        self._texts = [*self._cells, *(text for _, text in submission.modules)]
        alone = len(self._texts) == 1
        names = [
            f"cell {n}" if self._cells[1:] else submission.name
            for n in range(1, len(self._cells) + 1)
        ]
        self._captions = [""] if alone else [*names, *(name for name, _ in submission.modules)]
        self._highlighted: dict[int, list[Markup]] = {}
        self._made: dict[tuple[Mark, ...], Markup] = {}

    def _lines(self, number: int) -> list[Markup]:
        """The lines of a cell, or of a module after them, counted from 1."""
        if number not in self._highlighted:
            self._highlighted[number] = highlighted(self._texts[number - 1])
        return self._highlighted[number]

    def html(self, told: Iterable[Mark]) -> Markup:
        """All of it, a block of code a cell, and one a module that it imports from beside it."""
        marked = tuple(told)
        if marked not in self._made:  # mostly the same for the student as for the instructor
            self._made[marked] = self._marked(marked)
        return self._made[marked]

    def _marked(self, marked: Sequence[Mark]) -> Markup:
        room = LINES
        proven = [mark for mark in marked if mark.code]  # the others are of the file itself
        blocks = []
        for number, text in enumerate(self._texts, 1):
            if not text.strip():
                continue
            if caption := self._captions[number - 1]:
                blocks.append(Markup('<p class="faint">{}</p>').format(caption))
            lines = self._lines(number)[:room]
            room -= len(lines)
            own = marked if number <= len(self._cells) else proven
            blocks.append(_block(lines, _of_cell(own, number, text)))
            if not room:
                blocks.append(Markup('<p class="faint">The rest is left out: it is too long.</p>'))
                break
        return Markup("\n").join(blocks)

    def excerpt(self, function: str, told: Iterable[Mark]) -> Markup:
        """The lines of a function or class; empty where there is none that can be read."""
        marked = list(told)
        for number, cell in enumerate(self._cells, 1):
            if function and function in cell and (found := _defined(function, cell)):
                first, last = found
                lines = self._lines(number)[first - 1 : min(last, first + EXCERPT - 1)]
                return _block(lines, _of_cell(marked, number, cell), first)
        return Markup()


def _defined(function: str, cell: str) -> tuple[int, int] | None:
    """The first and the last line of what defines a name at the top of a cell."""
    try:
        tree = ast.parse(cell[:CHARACTERS])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    node = defined_in(tree.body).get(function)
    if node is None:
        return None
    first = first_line_of(node)
    return first, node.end_lineno or first


def highlighted(source: str) -> list[Markup]:
    """The lines of a source, escaped and highlighted."""
    shown = clean("\n".join(_lines(source)), CHARACTERS).rstrip("\n")
    # Quotes stay as they are, for the pattern to see: between tags they mean nothing.
    text = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    lines = TOKEN.sub(_span, text).split("\n")
    # An empty line of a long string: a browser gives none of its height to an empty element.
    return [Markup(EMPTY.sub("", line)) for line in lines]


def _lines(source: str) -> list[str]:
    """The lines as Python counts them."""
    return source.replace("\r\n", "\n").replace("\r", "\n").expandtabs().split("\n")


def _span(match: re.Match[str]) -> str:
    start = f'<i class="{match.lastgroup}">'
    return start + match[0].replace("\n", f"</i>\n{start}") + "</i>"


def _block(lines: Iterable[Markup], told: dict[int, list[Mark]], first: int = 1) -> Markup:
    """Numbered lines, each of them marked by what is told of it."""
    shown = []
    for number, line in enumerate(lines, first):
        if mark := told.get(number):
            says = escape("; ".join(each.text for each in mark))
            line = Markup(f'<b class="{mark[0].kind}">{line}</b><em> \u2190 {says}</em>')
        shown.append(f"<li>{line or ' '}</li>")
    return Markup(
        f'<ol class="code" start="{first}" style="counter-reset: line {first - 1}">'
        f"{''.join(shown)}</ol>"
    )


def _of_cell(told: Iterable[Mark], number: int, cell: str) -> dict[int, list[Mark]]:
    """The marks of a cell, by line."""
    lines: list[str] | None = None
    found: dict[int, list[Mark]] = {}
    for mark in told:
        if mark.cell and mark.cell != number:
            continue
        if mark.code:  # which cell the line is of is not told: the one where it stands
            lines = _lines(cell) if lines is None else lines
            if mark.line > len(lines) or mark.code[:40].strip() not in lines[mark.line - 1]:
                continue
        found.setdefault(mark.line, []).append(mark)
    return found
