"""The lines that may be wrong where no change mends an answer: what the failing checks run.

Guesses, each of which the reader is told as one. Of two lines that the same checks run, the one
with more to it comes first: there are more ways to get it wrong.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from gradekit.causes import causes
from gradekit.edits.source import Edit, Source
from gradekit.errors import KitError
from gradekit.explain.order import (
    GOT_NOTHING,
    IN_RAISING_LINE,
    RAISED_AT,
    STOPPED,
    Place,
    open_ends_of,
    related_of,
    spans_of,
)
from gradekit.report import Check, Report

GUESS = "does it do what it should, or is a statement missing?"
ENDLESS = "does this loop come to an end?"
OPEN_END = "is a `return` missing at the end?"
MOST = 3  # lines of a function
RETURNED = 3.0  # times likelier where a value of a wrong type is returned,
ODD = 6.0  # where something stands that does nothing, or always the same,
RAISING = 1.5  # a function that raises what a check tells of,
HALF = 2.0  # where a change made one check pass, and others fail,
AFTER_IDLE = 2.0  # and behind a name that is given a value which nothing uses
Key = TypeVar("Key", str, Place)


class Suspect(NamedTuple):
    """A line that may be wrong, and what to ask there."""

    function: str
    cell: int  # from 0
    line: int
    question: str


class Suspects:
    """The lines of one answer, and what speaks against them."""

    def __init__(
        self,
        cells: Sequence[str],
        report: Report,
        edits: Iterable[Edit],
        half_mended: Collection[Place] = (),
    ) -> None:
        """Look at an answer.

        Args:
            edits: All changes of it that there are: the more of a line, the more it does.
            half_mended: Lines at which some change makes a failing check pass and breaks others.
        """
        self._cells, self._report = cells, report
        self._failed = [c for c in report.checks if c.max_score and c.outcome == "failed"]
        self._sources = {n: source for n, text in enumerate(cells) if (source := _parsed(text))}
        self._functions: dict[Place, str] = {}
        self._heads: dict[Place, Place] = {}  # of each line, the first one of its statement
        self._odd: set[Place] = set()
        self._returns: set[Place] = set()
        self._idle: dict[tuple[int, str], int] = {}  # by the cell and the function
        for number, source in self._sources.items():
            self._look_at(number, source)
        self._half_mended = {self._heads.get(place, place) for place in half_mended}
        places = ((edit.cell, edit.line) for edit in edits)
        self._weights = Counter(self._heads[place] for place in places if place in self._heads)

    def _look_at(self, number: int, source: Source) -> None:
        spans = spans_of(source.text)
        for line, name in _function_lines(source).items():
            self._functions[number, line] = name
            self._heads[number, line] = number, spans.get(line, (line, line))[0]
        self._returns |= {
            (number, each.lineno)
            for _, _, each in source.statements()
            if isinstance(each, ast.Return)
        }
        self._odd |= {(number, line) for line in _odd_lines(source)}
        self._idle |= {(number, name): line for name, line in _idle_lines(source).items()}

    def lines(self, ran: Mapping[str, frozenset[Place]]) -> list[Suspect]:
        """The likeliest lines of the likeliest function.

        A function is as likely as the share of those that fail among the checks that run it, times
        the share of those that run it among the checks that fail; a line likewise.

        Args:
            ran: The lines that checks run, by the names of the checks.
        """
        if endless := self._endless():
            return endless
        own = {check.function for check in self._failed}
        shares = self._shares(ran, self._functions)
        stopped = {self._functions.get(place) for place in self._at(STOPPED, 2)}
        odd = {self._functions.get(place) for place in self._odd}
        raising = {self._functions.get(place) for place in self._at(RAISED_AT, 1)}

        def suspicion(name: str) -> tuple[bool, float, bool]:
            share = shares[name] * (ODD if name in odd else 1.0)
            share *= RAISING if name in raising else 1.0
            return name in stopped, share, name.partition(".")[0] in own

        found = sorted((name for name in shares if shares[name]), key=suspicion, reverse=True)
        names = found or [each for each in dict.fromkeys(self._functions.values()) if each in own]
        return self._lines_of(names[0], ran) if names else []

    def _lines_of(self, function: str, ran: Mapping[str, frozenset[Place]]) -> list[Suspect]:
        own = {
            line: head for line, head in self._heads.items() if self._functions[line] == function
        }
        shares = self._shares(ran, own)
        at = {self._heads[place] for place in self._at(RAISED_AT, 1) if place in self._heads}
        related = related_of(self._cells)
        raised = {  # a condition around a `raise`, but not all that gives names
            (cell, other): likely
            for cell, line in at
            for other, likely in related.get((cell, line), {}).items()
            if likely == IN_RAISING_LINE
        }
        raised |= dict.fromkeys(at, IN_RAISING_LINE)
        has_wrong_type = any(check.kind == "type" for check in self._failed)
        idle = {cell: line for (cell, name), line in self._idle.items() if name == function}

        def suspicion(place: Place) -> float:
            likely = raised.get(place, 1.0)
            likely *= ODD if place in self._odd else 1.0
            likely *= HALF if place in self._half_mended else 1.0
            likely *= RETURNED if has_wrong_type and place in self._returns else 1.0
            likely *= AFTER_IDLE if place[1] > idle.get(place[0], place[1]) else 1.0
            return shares[place] * (1 + self._weights[place]) * likely

        found = sorted((place for place in shares if shares[place]), key=suspicion, reverse=True)
        places = found[:MOST] or [min(own.values())]
        guesses = [Suspect(function, *place, GUESS) for place in places]
        if self._is_open(function):
            end = Suspect(function, *max(own.values()), OPEN_END)
            guesses = [end, *(each for each in guesses if each[:3] != end[:3])][:MOST]
        return guesses

    def _is_open(self, function: str) -> bool:
        """Whether it gave None, and may have come to its end without a `return`."""
        told = (check.told for check in self._failed if check.function == function)
        return any(map(GOT_NOTHING.search, told)) and function in open_ends_of(self._cells)

    def _shares(
        self, ran: Mapping[str, frozenset[Place]], keys: Mapping[Place, Key]
    ) -> dict[Key, float]:
        """Of each function, or each line, how much speaks against it: from 0 to 1."""
        failing: Counter[Key] = Counter()
        passing: Counter[Key] = Counter()
        failed = {check.name for check in self._failed} & {*ran}
        for name, lines in ran.items():
            met = {keys[line] for line in lines if line in keys}
            (failing if name in failed else passing).update(met)
        of = max(len(failed), 1)
        return {key: n / (n + passing[key]) * n / of for key, n in failing.items()}

    def _at(self, pattern: re.Pattern[str], group: int) -> set[Place]:
        """The lines that messages tell of; of each cell, since they do not tell which."""
        found = (pattern.search(check.told) for check in self._failed)
        lines = {int(match[group]) for match in found if match}
        return {(cell, line) for cell in range(len(self._cells)) for line in lines}

    def _endless(self) -> list[Suspect]:
        """The first loop of the function that explains most failures, where that hangs."""
        first = next((cause.first for cause in causes(self._report) if cause.max_score), None)
        if first is None or first.ending != "timed_out":
            return []
        for number, source in self._sources.items():
            if loop := _first_loop(source, first):
                name, node = loop
                inside = [
                    place
                    for place in dict.fromkeys(self._heads.values())
                    if place[0] == number and node.lineno < place[1] <= (node.end_lineno or 0)
                ]
                inside.sort(key=lambda place: -self._weights[place])
                places = [(number, node.lineno), *inside[: MOST - 1]]
                return [Suspect(name, *place, ENDLESS) for place in places]
        return []


def _parsed(text: str) -> Source | None:
    try:
        return Source(text)
    except KitError:
        return None


def _odd_lines(source: Source) -> Iterator[int]:
    """Lines at which something does nothing, or always the same."""
    for _, _, each in source.statements():
        test, value = getattr(each, "test", None), getattr(each, "value", None)
        is_constant = isinstance(each, ast.If) and isinstance(test, ast.Constant)
        is_nothing = isinstance(value, ast.Constant) and value.value is None
        is_empty = isinstance(each, ast.For) and not getattr(each.iter, "elts", [0])
        is_idle = each.lineno in source.idle_lines
        is_no_error = isinstance(each, ast.Raise) and isinstance(each.exc, ast.Constant)
        if is_constant or is_nothing or is_empty or is_idle or is_no_error:
            yield each.lineno


def _idle_lines(source: Source) -> dict[str, int]:
    """For each function the last line that gives a name a value which nothing uses."""
    found: dict[str, int] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            function = source.functions[node]
            if node.id in source.unused.get(function, ()):
                found[function] = max(node.lineno, found.get(function, 0))
    return found


def _first_loop(source: Source, check: Check) -> tuple[str, ast.stmt] | None:
    """The first `while` of a check's function, else its first `for`."""
    loops = [
        each
        for _, _, each in source.statements()
        if isinstance(each, ast.While | ast.For)
        and source.functions[each].partition(".")[0] == check.function
    ]
    if not loops:
        return None
    loop = min(loops, key=lambda n: (isinstance(n, ast.For), n.lineno))
    return source.functions[loop], loop


def _function_lines(source: Source) -> dict[int, str]:
    """The function of each line that stands in one."""
    found: dict[int, str] = {}
    for _, _, each in source.statements():
        name = source.functions[each]
        for line in range(each.lineno, (each.end_lineno or 0) + 1) if name else ():
            found[line] = name
    return found
