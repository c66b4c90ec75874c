"""Objects that a check and the answer both hold for longer than one request.

Natively both have one object: a list that an answer keeps is still the test's, and a list that a
test got of an object is still that object's. So what the answer keeps of its arguments, and those
lists, dicts, sets and arrays that it gives and keeps, have a number on both sides until the check
ends. Each side sends with its next message what has changed in them (grading/lasting.py).

Whether the answer keeps an object is seen by the references to it, so that the many values which
nobody keeps cost nothing.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradekit.sandbox import wire
from gradekit.sandbox.draws import is_generator, put
from gradekit.sandbox.known import LASTING
from gradekit.sandbox.limits import LASTING_OBJECTS
from gradekit.sandbox.snapshots import ITEMS, STREAMS, Snapshot, is_small

SEARCHED = 100_000  # items of one value
HOLDERS = frozenset([list, tuple, dict])
CHANGEABLE = frozenset([list, dict, set, np.ndarray])
Parts = Callable[[Any], tuple[list[Any], Callable[[Any], bool]]]


class Lasting:
    """Those of one check."""

    def __init__(self) -> None:
        self._objects: dict[int, Snapshot] = {}
        self._numbers: dict[int, int] = {}  # by their ids
        self._gone: dict[int, Any] = {}  # that the answer has let go of
        self._untold: set[int] = set()  # that the other side has not been sent yet
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def holds(self, value: Any) -> bool:
        return id(value) in self._numbers

    def at(self, number: int) -> Any:
        """The object of a number."""
        known = self._objects.get(number)
        return self._gone[number] if known is None else known.value

    def add(self, value: Any, is_plain_object: Callable[[Any], bool]) -> int:
        """Give an object a number; 0 where it is too large, or there are too many."""
        if self._count >= LASTING_OBJECTS or not is_small(value) or self.holds(value):
            return 0
        self._count += 1
        self._numbers[id(value)] = self._count
        self._objects[self._count] = Snapshot(value, is_plain_object)
        return self._count

    def find(self, box: list[Any], is_known: Callable[[Any], bool]) -> None:
        """Number what can be changed of the value in `box`, if somebody keeps it.

        Args:
            box: Holds the value, to which there must be no other reference on the way here.
            is_known: Says of an object that it has a number already, or is held otherwise.
        """
        for each in kept_of(box, lambda value: self.holds(value) or is_known(value)):
            if number := self.add(each, lambda value: False):
                self._untold.add(number)

    def node(self, value: Any) -> Any:
        """What stands for an object of these: with what it holds, where it is new."""
        number = self._numbers.get(id(value))
        if number is None:
            return None
        if number in self._untold:
            self._untold.discard(number)
            return wire.Lasting(number, None)
        return wire.Given(-(LASTING + number))

    def drop(self, number: int) -> None:
        """It could not be sent after all."""
        self._let_go(number)

    @property
    def count(self) -> int:
        return self._count

    def drop_since(self, count: int) -> None:
        """None of those that were numbered since has been sent."""
        for number in [each for each in self._objects if count < each <= LASTING_OBJECTS]:
            self._let_go(number)

    def _let_go(self, number: int) -> None:
        if (known := self._objects.pop(number, None)) is not None:
            self._numbers.pop(id(known.value), None)
            self._untold.discard(number)
            self._gone[number] = known.value  # alive: its id must not come to mean another one

    def changes(
        self, content: Callable[[Any], Any], is_known: Callable[[Any], bool]
    ) -> tuple[list[Any], list[int]]:
        """Those that have changed, with their `content`; the numbers of those that are gone."""
        changed, gone = [], []
        for number in [*self._objects]:
            known = self._objects[number]
            if number in self._untold:
                continue
            if not known.is_current:
                # What the answer has put into it is kept as well, by it.
                self.find(_items_of(known.value), is_known)
                changed.append((number, content(known.value)))
                self._objects[number] = known.anew()
            elif sys.getrefcount(known.value) <= ALONE:
                gone.append(number)
                self._let_go(number)
        return changed, gone

    def set(self, news: list[tuple[int, Any, int]], parts: Parts) -> None:
        """Take over what the check has changed.

        Args:
            news: Numbers, what they hold, and the first number of what is new in that.
            parts: Gives what can be changed of a content, in the order of both sides, and what
                says of an object of the check that it consists of its attributes.
        """
        for number, content, first in news:
            if (known := self._objects.get(number)) is None:
                continue
            found, is_plain_object = parts(content)
            for place, each in enumerate(found):
                if is_small(each) and not self.holds(each):
                    self._numbers[id(each)] = first + place
                    self._objects[first + place] = Snapshot(each, is_plain_object)
            _write(known.value, content)
            self._objects[number] = known.anew()


def kept_of(box: list[Any], is_known: Callable[[Any], bool]) -> list[Any]:
    """What can be changed of the value in `box` and is kept by somebody beside it.

    Or stands in several places of it, as the rows of `[[0] * 3] * 3` do: there it is one object.
    """
    kept: dict[int, Any] = {}  # tuples too: what is in one of these is kept as well
    for each, count, holders in _counted(box, is_known):
        if count > BARE or len(holders) > 1 or not kept.keys().isdisjoint(holders):
            kept[id(each)] = each
    return [each for each in kept.values() if type(each) is not tuple]


def _counted(
    box: list[Any], is_known: Callable[[Any], bool]
) -> Iterator[tuple[Any, int, list[int]]]:
    """The containers in a value, outer ones first.

    With the number of references to each from elsewhere, and the ids of those that hold it.
    """
    entries: dict[int, tuple[Any, list[int]]] = {}
    waiting, left = [box], SEARCHED
    while waiting:
        holder: Any = waiting.pop(0)
        left -= len(holder)
        if len(holder) > ITEMS or left < 0:
            continue
        for item in holder.values() if type(holder) is dict else holder:
            kind = type(item)
            if (kind not in CHANGEABLE and kind is not tuple) or is_known(item):
                continue
            is_new = id(item) not in entries
            entries.setdefault(id(item), (item, []))[1].append(id(holder))
            if is_new and kind in HOLDERS:
                waiting.append(item)
    item = holder = None
    for entry in entries.values():
        yield entry[0], sys.getrefcount(entry[0]) - len(entry[1]), entry[1]


def _items_of(value: Any) -> list[Any]:
    if type(value) is list:
        return [*value]
    return [*value.values()] if type(value) is dict else []


def _write(target: Any, content: Any) -> None:
    """Make an object hold what the check's one holds."""
    if isinstance(target, list | bytearray):
        target[:] = content
    elif isinstance(target, deque):
        target.clear()
        target.extend(content)
    elif isinstance(target, dict | set):
        target.clear()
        target.update(content)
    elif isinstance(target, np.ndarray):
        target[...] = content
    elif is_generator(target):
        put(target, content)
    elif isinstance(target, STREAMS):
        _write_stream(target, content)
    else:
        vars(target).clear()
        vars(target).update(content)


def _write_stream(stream: Any, content: Any) -> None:
    if content is None:
        stream.close()
        return
    stream.seek(0)
    stream.truncate()
    stream.write(content[0])
    stream.seek(content[1])


# References that are there in any case: to a list in a box, and to one that only we hold. Measured,
# since it differs from one version of Python to the next.
BARE = next(count for _, count, _ in _counted([[]], lambda value: False))


def _measured() -> int:
    """The references to an object that only its snapshot holds."""
    known = Snapshot([], lambda value: False)
    return sys.getrefcount(known.value)


ALONE = _measured()
