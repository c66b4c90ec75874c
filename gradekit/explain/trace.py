"""What an answer does in a call: the lines that it runs, and the values that it gives names.

All of it is found out by the answer's own process, and said by it: good enough to decide
what to try first and to show to the answer's author, and never part of a grade.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import cloudpickle

from gradekit.grading.session import Probe
from gradekit.report import clean

VALUE_CHARACTERS = 160
STEPS = 40  # of a call that are told

# Where an answer runs, this module cannot be imported: what is sent from it travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Step(NamedTuple):
    """A name that was given a value, and where."""

    function: str
    cell: int
    line: int
    name: str
    value: str


def lines_of(told: Any, filename: str) -> frozenset[tuple[int, int]]:
    """The lines that ran, each with the number of its cell, from what `end_lines` returned."""
    found: set[tuple[int, int]] = set()
    for pair in told if isinstance(told, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], int):
            found.add((_cell_of(str(pair[0]), filename), pair[1]))
    return frozenset(found)


def _cell_of(label: str, filename: str) -> int:
    """The number of the cell, from 0, that a file name such as `a.ipynb, cell 3` tells."""
    number = label.removeprefix(filename).removeprefix(", cell ")
    return int(number) - 1 if number.isascii() and number.isdigit() else 0


def steps_of(told: Any, filename: str) -> list[Step]:
    """What names were given, from what `traced_call` returned."""
    found = []
    for each in told if isinstance(told, list) else ():
        if isinstance(each, list) and len(each) == 5 and isinstance(each[2], int):
            function, label, line, name, value = each
            cell = _cell_of(str(label), filename)
            text = clean(str(value), VALUE_CHARACTERS)
            found.append(Step(clean(str(function)), cell, line, clean(str(name)), text))
    return found[:STEPS]


def line_probes() -> tuple[Probe, Probe]:
    """Probes for before and after some checks, that note which lines run between them."""
    return (_begin_lines, ()), (_end_lines, ())


def call_probe(function: str, args: Sequence[Any], keywords: dict[str, Any]) -> Probe:
    """A probe that makes a call and tells what its names were given."""
    return _traced_call, (function, list(args), keywords, STEPS, VALUE_CHARACTERS)


def _begin_lines(answer: Any) -> None:
    """Runs beside the submission: note every line of it that runs from now on."""
    import sys

    filename = answer.namespace["__file__"]
    seen: dict[tuple[str, int], None] = {}

    def look(frame: Any, event: str, _: Any) -> Any:
        seen[frame.f_code.co_filename, frame.f_lineno] = None
        return look

    def enter(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(filename):
            return None
        return look(frame, event, _)

    enter.seen = seen  # type: ignore[attr-defined]
    sys.settrace(enter)


def _end_lines(answer: Any) -> list[list[Any]]:
    """Runs beside the submission: the lines that ran."""
    import sys

    enter = sys.gettrace()
    sys.settrace(None)
    return [[*place] for place in enter.seen]  # type: ignore[union-attr]


def _traced_call(
    answer: Any, name: str, args: Any, keywords: Any, most: int, characters: int
) -> list[list[Any]]:
    """Runs beside the submission: a call, and each name that its lines give a new value."""
    import sys

    filename = answer.namespace["__file__"]
    steps: list[list[Any]] = []
    known: dict[int, dict[str, str]] = {}
    lines: dict[int, int] = {}

    def shown(value: Any) -> str:
        try:
            if type(value).__name__ in ("function", "type", "module", "builtin_function_or_method"):
                return ""
            return " ".join(repr(value).split())[: characters + 1]
        except BaseException:
            return ""

    def note(frame: Any) -> None:
        before, line = known[id(frame)], lines[id(frame)]
        for variable, value in list(frame.f_locals.items()):
            text = shown(value)
            if text and before.get(variable) != text:
                before[variable] = text
                code = frame.f_code
                if len(steps) < most:
                    steps.append([code.co_name, code.co_filename, line, variable, text])

    def look(frame: Any, event: str, _: Any) -> Any:
        note(frame)
        lines[id(frame)] = frame.f_lineno
        return look

    def enter(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(filename) or len(steps) >= most:
            return None
        known[id(frame)] = {key: shown(value) for key, value in frame.f_locals.items()}
        lines[id(frame)] = frame.f_lineno
        return look

    sys.settrace(enter)
    try:
        getattr(answer, name)(*args, **keywords)
    except BaseException:
        pass
    finally:
        sys.settrace(None)
    return steps
