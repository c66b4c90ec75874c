"""What an answer does in a call: the lines that it runs, and the values that it gives names.

All of it is found out by the answer's own process, and said by it: good enough to decide
what to try first and to show to the answer's author, and never part of a grade.
"""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import cloudpickle

from gradekit.edits.source import Source
from gradekit.errors import KitError
from gradekit.grading.session import Probe
from gradekit.report import clean
from gradekit.submission import Submission

VALUE_CHARACTERS = 160
OFTEN = 20_000  # times that a line may run in the checks that are traced
TRACER = "__kit_tracer__"  # a tracer that ends a loop is no tracer of Python's any more
STEPS = 40  # of a call that are told
RAISES = "raise"  # no name of a variable

# Where an answer runs, this module cannot be imported: what is sent from it travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Step(NamedTuple):
    """A name that was given a value, and where.

    Without a name it is what the function returned; under the name `RAISES`, what it raised.
    """

    function: str
    cell: int  # its number, from 1; 0 where there is only one
    line: int
    name: str
    value: str


def lines_of(told: Any, filename: str) -> frozenset[tuple[int, int]]:
    """The lines that ran, each with the number of its cell, from what `_end_lines` returned."""
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
    """What names were given, from what `_traced_call` returned."""
    found = []
    for each in told if isinstance(told, list) else ():
        if isinstance(each, list) and len(each) == 5 and isinstance(each[2], int):
            function, label, line, name, value = each
            cell = _cell_of(str(label), filename) + 1 if label != filename else 0
            text = clean(str(value), VALUE_CHARACTERS)
            found.append(Step(clean(str(function)), cell, line, clean(str(name)), text))
    return found[:STEPS]


def line_probes() -> tuple[Probe, Probe]:
    """Probes for before and after some checks, that note which lines run between them."""
    return (_begin_lines, (OFTEN, TRACER)), (_end_lines, (TRACER,))


def call_probe(
    submission: Submission, function: str, args: Sequence[Any], keywords: dict[str, Any]
) -> Probe:
    """A probe that makes a call and tells what its names were given."""
    alone = len(submission.cells) == 1
    assigned = {}
    for number, text in enumerate(submission.cells, 1):
        label = submission.name if alone else f"{submission.name}, cell {number}"
        assigned[label] = _assigned(text)
    return _traced_call, (function, list(args), keywords, assigned, STEPS, VALUE_CHARACTERS)


def _assigned(text: str) -> dict[int, tuple[int, list[str]]]:
    """For each line that gives names values: where its statement begins, and the names."""
    found: dict[int, tuple[int, list[str]]] = {}
    with contextlib.suppress(KitError):
        for _, _, statement in Source(text).statements():
            if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
                continue
            names = [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]
            for line in range(statement.lineno, (statement.end_lineno or 0) + 1):
                found[line] = statement.lineno, names
    return found


def _begin_lines(answer: Any, often: int, tracer: str) -> None:
    """Runs beside the submission: note every line of it that runs from now on.

    A line that runs more than `often` times is taken for an endless loop, and ended.
    """
    import sys

    filename = answer.namespace["__file__"]
    seen: dict[tuple[str, int], int] = {}

    def look(frame: Any, event: str, _: Any) -> Any:
        place = frame.f_code.co_filename, frame.f_lineno
        seen[place] = seen.get(place, 0) + 1
        if seen[place] > often:
            raise RuntimeError("it goes on and on")
        return look

    def enter(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(filename):
            return None
        return look(frame, event, _)

    enter.seen = seen  # type: ignore[attr-defined]
    answer.namespace[tracer] = enter
    sys.settrace(enter)


def _end_lines(answer: Any, tracer: str) -> list[list[Any]]:
    """Runs beside the submission: the lines that ran."""
    import sys

    enter = answer.namespace.pop(tracer)
    sys.settrace(None)
    return [[*place] for place in enter.seen]


def _traced_call(
    answer: Any, name: str, args: Any, keywords: Any, assigned: Any, most: int, characters: int
) -> list[list[Any]]:
    """Runs beside the submission: a call, and each value that its lines give a name."""
    import contextlib
    import sys

    steps: list[list[Any]] = []
    lines: dict[Any, int] = {}
    raised: dict[Any, tuple[int, str, Any]] = {}  # what a frame may be about to end by

    def note(frame: Any, line: int, called: str, value: Any) -> None:
        if len(steps) < most:
            with contextlib.suppress(BaseException):
                text = " ".join(repr(value).split())[: characters + 1]
                code = frame.f_code
                steps.append([code.co_name, code.co_filename, line, called, text])

    def look(frame: Any, event: str, value: Any) -> Any:
        known = assigned[frame.f_code.co_filename]
        done = known.get(lines[frame])
        if done and (event == "return" or known.get(frame.f_lineno) != done):
            for variable in done[1]:
                if variable in frame.f_locals:
                    note(frame, done[0], variable, frame.f_locals[variable])
        if ended := _ended(frame, event, value, raised):
            note(frame, *ended)
        lines[frame] = frame.f_lineno
        return look

    def enter(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in assigned or len(steps) >= most:
            return None
        lines[frame] = -1
        return look

    sys.settrace(enter)
    try:
        with contextlib.suppress(BaseException):
            getattr(answer, name)(*args, **keywords)
    finally:
        sys.settrace(None)
    return steps


def _ended(
    frame: Any, event: str, value: Any, raised: dict[Any, tuple[int, str, Any]]
) -> tuple[int, str, Any] | None:
    """Runs beside the submission: in which line a frame ended and how; None where it goes on."""
    if event == "exception":
        raised[frame] = frame.f_lineno, RAISES, value[1]
    elif event == "line":  # it was caught
        raised.pop(frame, None)
    else:
        # Python tells of a return, of None, also where a frame ends by an exception.
        ended: tuple[int, str, Any] = raised.pop(frame, (frame.f_lineno, "", value))
        return ended
    return None
