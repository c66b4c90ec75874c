"""Objects of an imported check that both sides hold for longer than one request.

What the answer keeps of a test's arguments, and what a test got of the answer's own lists, dicts,
sets and arrays (see sandbox/inside/lasting.py, which numbers them). A test's constants stay as they
are all the same: what an answer changes in one is changed in a copy, which stands for it from then
on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from gradekit.grading.arguments import (
    content_of,
    is_plain_object,
    mutable_in,
    owners_of,
    write,
)
from gradekit.grading.repeated import with_held
from gradekit.sandbox import wire
from gradekit.sandbox.known import LASTING
from gradekit.sandbox.limits import LASTING_OBJECTS
from gradekit.sandbox.snapshots import Snapshot, is_small

ARRIVING = (list, dict, set, np.ndarray)


class Lasting:
    """Those of one check."""

    def __init__(
        self, constants: Callable[[], set[Any]], is_mirrored: Callable[[Any], bool]
    ) -> None:
        """Begin with none.

        Args:
            constants: Gives the owners of memory that has to stay as it is.
            is_mirrored: Says of a tensor that both sides hold it otherwise.
        """
        self._constants, self._is_mirrored = constants, is_mirrored
        self._next = LASTING_OBJECTS + 1  # of what is numbered on this side
        self._untold: list[tuple[int, Any]] = []  # of these, what is on its way
        self._objects: dict[int, Snapshot] = {}
        self._numbers: dict[int, int] = {}  # by their ids

    def __bool__(self) -> bool:
        return bool(self._objects)

    @property
    def values(self) -> list[Any]:
        return [known.value for known in self._objects.values()]

    def holds(self, value: Any) -> bool:
        return id(value) in self._numbers

    def number_of(self, value: Any) -> int | None:
        return self._numbers.get(id(value))

    def at(self, place: int) -> Any:
        """The object that stands under a place of `Given`.

        Raises:
            Malformed: there is none.
        """
        if (known := self._objects.get(place - LASTING)) is None:
            raise wire.Malformed("an object that it was not given")
        return known.value

    def add(self, number: Any, value: Any) -> Any:
        """Hold an object under the number that the answer's process has for it.

        Raises:
            Malformed: it is no number for another object.
        """
        is_number = type(number) is int and 0 < number <= LASTING_OBJECTS
        if not is_number or number in self._objects:
            raise wire.Malformed("an object of a wrong number")
        self._objects[number] = Snapshot(value, is_plain_object)
        self._numbers[id(value)] = number
        return value

    def arrived(self, number: int, value: Any) -> Any:
        """As `add`, for what a frame brings.

        Raises:
            Malformed: it is nothing that can be changed.
        """
        if type(value) not in ARRIVING:
            raise wire.Malformed("an object of a wrong kind")
        return self.add(number, value)

    def news(self) -> list[tuple[int, Any, int]]:
        """What the check has changed in them since both sides agreed.

        With the first number of what is new in that: both sides count it in the same order.
        """
        found = []
        for number, known in [*self._objects.items()]:
            if not known.is_current:
                content = content_of(known.value)
                parts = [e for e in mutable_in(content, self.holds) if not self._is_mirrored(e)][1:]
                found.append((number, with_held(content, self.number_of), self._next))
                self._objects[number] = known.anew()
                self._number(parts)
        return found

    def have_arrived(self) -> None:
        """What was on its way is there: from now on its number is enough."""
        for number, value in self._untold:
            self._numbers.setdefault(id(value), number)
        self._untold = []

    def _number(self, parts: list[Any]) -> None:
        for place, each in enumerate(parts):
            if is_small(each):
                # What stands in it twice is two objects there, each with a number.
                self._objects[self._next + place] = Snapshot(each, is_plain_object)
                self._untold.append((self._next + place, each))
        self._next += len(parts)

    def settle(self, told: Any, arguments: Callable[[int], Any]) -> None:
        """Take over what the answer's process has told.

        Args:
            arguments: Gives the argument of the request at a place.

        Raises:
            Malformed: it tells of other things.
        """
        if told is None:
            return
        if type(told) is not tuple or len(told) != 3 or not all(type(e) is list for e in told):
            raise wire.Malformed("objects that are none")
        kept, changed, gone = told
        for place, number in map(_pair, kept):
            if type(place) is not int:
                raise wire.Malformed("objects that are none")
            self.add(number, arguments(place))
        for number, content in map(_pair, changed):
            if type(number) is int and number in self._objects:
                self._write(number, content)
        for number in gone:
            if type(number) is int and (known := self._objects.pop(number, None)) is not None:
                self._numbers.pop(id(known.value), None)

    def _write(self, number: int, content: Any) -> None:
        target = self._objects[number].value
        if not self._constants().isdisjoint(owners_of(target)):
            self._numbers.pop(id(target), None)
            target = copy.copy(target)
            self._numbers[id(target)] = number
        try:
            write(target, content)
        except (TypeError, ValueError):
            raise wire.Malformed("an object became something else") from None
        self._objects[number] = Snapshot(target, is_plain_object)


def _pair(told: Any) -> tuple[Any, Any]:
    if type(told) is not tuple or len(told) != 2:
        raise wire.Malformed("objects that are none")
    return told
