"""A call of the submission: what it was, for messages, and what came of it."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from gradekit.grading.code import Code
from gradekit.grading.shown import SHOWN_ENTRIES, as_code, has_plain_dtype, label_of, show

CALL_CHARACTERS = 100  # beyond, the longest arguments are told by their size


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
        """The call as a learner would write it; long arguments by their size."""
        values = [*self.args, *self.kwargs.values()]
        parts = [_argument(value) for value in self.args]
        parts += [f"{key}={_argument(value)}" for key, value in self.kwargs.items()]
        # The longest first: a learner needs the small arguments, such as `axis=0`,
        # more than one that is too long to be read.
        while len(text := f"{self.name}({', '.join(parts)})") > characters:
            longest = max(range(len(parts)), key=lambda place: len(parts[place]))
            if len(short := _shortened(values[longest], parts[longest])) >= len(parts[longest]):
                break
            parts[longest] = short
        return text


class Calls(NamedTuple):
    """Calls that travel together; which of them ended a worker cannot be told."""

    calls: list[Call]

    def __str__(self) -> str:
        count, first = len(self.calls), self.calls[0]
        return f"one of {count} calls such as {first}" if count > 1 else str(first)


def _argument(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    if label := label_of(value):
        return label
    if callable(value):
        # Not its repr, which holds a memory address: equal answers would get unequal reports.
        return getattr(value, "__name__", type(value).__name__)
    if math.prod(getattr(value, "shape", ())) > SHOWN_ENTRIES:
        return _by_shape(value)
    # float32 and the small integers are what a check may be about: their dtype is written out.
    return show(value) if has_plain_dtype(value) else as_code(value)


def _shortened(value: Any, text: str) -> str:
    """A long argument by its size: `<array (3, 4)>`, `<list of 5>`; with its keyword."""
    keyword = re.match(r"\w+=|", text)
    prefix = keyword[0] if keyword else ""
    if getattr(value, "shape", ()) != ():
        return prefix + _by_shape(value)
    if isinstance(value, list | tuple | dict):
        return f"{prefix}<{type(value).__name__} of {len(value)}>"
    return f"{prefix}<{type(value).__name__}>"


def _by_shape(value: Any) -> str:
    return f"<{'tensor' if hasattr(value, 'detach') else 'array'} {tuple(value.shape)}>"
