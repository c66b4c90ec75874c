"""A call of the submission: what it was, for messages, and what came of it."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from gradekit.grading.code import Code
from gradekit.grading.concise import concise
from gradekit.grading.shown import (
    SHOWN_ENTRIES,
    as_code,
    call_as_code,
    has_plain_dtype,
    label_of,
    numbers_in,
    show,
    show_entries,
)

CALL_CHARACTERS = 100  # beyond, the longest arguments are told by their size
LONG_CHARACTERS = 250  # of a call that stopped the answer: with the rest of the message five lines
MOST_NUMBERS = 60  # that fit into so many characters: more need not be written out to know it
WRITTEN_ENTRIES = 24  # of an array that is written out where there is room
LOOKED_AT = 10  # calls that travelled together
BY_SIZE = re.compile(r"<(?:array|tensor|list|tuple|dict)\b")


class Called(NamedTuple):
    """What came of a call: its value, and its arguments as they are after it."""

    value: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Call(NamedTuple):
    """A call, turned into text only when a message needs it."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __str__(self) -> str:
        return self.told()

    def told(self, characters: int = CALL_CHARACTERS) -> str:
        """The call as a learner would write it: as a whole where there is room, in every digit if
        need be; else with long arguments by their size.
        """
        values = [*self.args, *self.kwargs.values()]
        parts = [_argument(value) for value in self.args]
        parts += [f"{key}={_argument(value)}" for key, value in self.kwargs.items()]
        is_whole = not any(map(_is_cut, values))
        if not is_whole and sum(map(_numbers_written, values)) <= MOST_NUMBERS:
            code = call_as_code(self.name, self.args, self.kwargs)
            if len(code) <= characters:
                return code
        # The longest first: a learner needs the small arguments, such as `axis=0`,
        # more than one that is too long to be read.
        while len(text := f"{self.name}({', '.join(parts)})") > characters:
            longest = max(range(len(parts)), key=lambda place: len(parts[place]))
            if len(short := _shortened(values[longest], parts[longest])) >= len(parts[longest]):
                break
            parts[longest] = short
        return text


class Used(NamedTuple):
    """What a check does with a function of the answer in a probe, which is code of its own."""

    name: str  # of the function; empty outside a check

    def __str__(self) -> str:
        return f"`{self.name}`" if self.name else "it"


class Calls(NamedTuple):
    """Calls that travel together; which of them ended a worker cannot be told."""

    calls: list[Call]

    def __str__(self) -> str:
        return self.told()

    def told(self, characters: int = CALL_CHARACTERS) -> str:
        """The first call that can be told as a whole, or else the first."""
        texts = [call.told(characters) for call in self.calls[:LOOKED_AT]]
        text = next((each for each in texts if not BY_SIZE.search(each)), texts[0])
        return f"one of {len(self.calls)} calls such as {text}" if len(self.calls) > 1 else text


def told_at_length(what: object) -> str:
    """What was asked for, for a message that says little besides."""
    return what.told(LONG_CHARACTERS) if isinstance(what, Call | Calls) else str(what)


def _is_cut(value: Any) -> bool:
    """Whether a short text of an argument leaves entries out."""
    if isinstance(value, list | tuple):
        return len(value) > SHOWN_ENTRIES or any(map(_is_cut, value))
    return _is_by_shape(value)


def _numbers_written(value: Any) -> int:
    """How many numbers the code of an argument has, where some are built: `[0, 2] * 40`."""
    if concise(value):
        return 1
    is_nested = isinstance(value, list | tuple)
    return sum(map(_numbers_written, value)) if is_nested else numbers_in(value)


def _is_by_shape(value: Any) -> bool:
    """Whether an argument has too many entries for a short text."""
    return math.prod(_shape_of(value)) > SHOWN_ENTRIES


def _shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array or tensor; () of anything else."""
    shape = getattr(value, "shape", ())
    # A mock has every attribute, and each is a mock again.
    return shape if isinstance(shape, tuple) else ()


def _argument(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    if label := label_of(value):
        return label
    if callable(value):
        # Not its repr, which holds a memory address: equal answers would get unequal reports.
        return getattr(value, "__name__", type(value).__name__)
    if _is_by_shape(value):
        is_short = math.prod(_shape_of(value)) <= WRITTEN_ENTRIES and has_plain_dtype(value)
        return show_entries(value) if is_short else _by_shape(value)
    # float32 and the small integers are what a check may be about: their dtype is written out.
    return show(value) if has_plain_dtype(value) else as_code(value)


def _shortened(value: Any, text: str) -> str:
    """A long argument by its size: `<array (3, 4)>`, `<list of 5>`; with its keyword."""
    keyword = re.match(r"\w+=|", text)
    prefix = keyword[0] if keyword else ""
    if _shape_of(value):
        return prefix + _by_shape(value)
    if isinstance(value, list | tuple | dict):
        return f"{prefix}<{type(value).__name__} of {len(value)}>"
    return f"{prefix}<{type(value).__name__}>"


def _by_shape(value: Any) -> str:
    return f"<{'tensor' if hasattr(value, 'detach') else 'array'} {tuple(value.shape)}>"
