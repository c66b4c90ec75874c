"""What an imported check sends as one object, though it stands in several places.

`f(rows, rows)` gives the answer one list, and `[row] * 3` is three times the same row. In a frame,
such an object stands once in full, with a number, and after that as its number. It travels together
with what both sides hold since an earlier request (lasting.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradekit.grading.shown import is_tensor
from gradekit.sandbox import wire
from gradekit.sandbox.known import LASTING, REPEATED
from gradekit.sandbox.snapshots import PLAIN, with_parts

# Sets: by their hashes, classes of an answer are not compared with these.
SHARED = frozenset({list, tuple, dict, set, frozenset, np.ndarray})
CHANGEABLE = frozenset({list, dict, set})  # each of them is one of its own, empty ones too


def with_numbers(value: Any, number_of: Callable[[Any], int | None]) -> Any:
    """`value` as it is sent; itself if nothing in it has a number.

    Args:
        number_of: Gives the number of an object that both sides hold.
    Raises:
        TooDeep: it contains itself.
    """
    return _Numbers(_several_in(value), number_of).marked(value, 0)


def with_held(content: Any, number_of: Callable[[Any], int | None]) -> Any:
    """What an object holds, as it is sent: with numbers for what both sides hold, and no others.

    The object itself may be one of those.
    """
    numbers = _Numbers(set(), number_of)
    return with_parts(content, lambda item: numbers.marked(item, 1))


class _Numbers:
    def __init__(self, several: set[int], number_of: Callable[[Any], int | None]) -> None:
        self._number_of, self._several = number_of, several
        # By the ids of the objects; 0 while what such an object holds is still being looked at.
        self._numbers: dict[int, int] = {}
        self._count = 0

    def marked(self, value: Any, depth: int) -> Any:
        if type(value) in PLAIN or depth > wire.MAX_DEPTH:
            return value
        if (lasting := self._number_of(value)) is not None:
            return wire.Given(LASTING + lasting)
        key = id(value)
        if key not in self._several:
            return with_parts(value, lambda item: self.marked(item, depth + 1))
        if (number := self._numbers.get(key)) is None:
            self._numbers[key] = 0
            content = with_parts(value, lambda item: self.marked(item, depth + 1))
            self._count += 1
            number = self._numbers[key] = self._count
            return wire.Lasting(number, content)
        if number == 0:
            raise wire.TooDeep
        return wire.Given(REPEATED + number)


def _several_in(value: Any) -> set[int]:
    """The ids of the containers, arrays and tensors that stand in several places of a value."""
    seen: set[int] = set()
    several: set[int] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if kind in PLAIN:
            continue
        if id(each) in seen:
            several.add(id(each))
        elif (kind in SHARED and len(each)) or kind in CHANGEABLE or is_tensor(each):
            seen.add(id(each))
            if kind is list or kind is tuple:
                waiting += each
            elif kind is dict:
                waiting += each.values()
    return several
