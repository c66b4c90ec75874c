"""The arguments of a request, as far as a call can change them in place.

Both sides list them in the same order, so that a place in the list means an object there and its
copy here. After the call the changed ones are sent back; and an argument that is returned, or is
part of what is returned, travels as its place.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from gradekit.sandbox import wire
from gradekit.sandbox.draws import is_generator, state_of
from gradekit.sandbox.frames import MUTABLE as FRAMES
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.inside.lasting import Lasting
from gradekit.sandbox.known import is_plain_class
from gradekit.sandbox.snapshots import (
    MUTABLE,
    STREAMS,
    Snapshot,
    is_bare,
    parts_of,
    with_parts,
    written_to,
)

OF_CHECK = "grader"  # the module of whatever the check has sent by value


class Arguments:
    """The lists, dicts, sets, arrays and tensors among the arguments of one request."""

    def __init__(
        self, asked: Any, is_held: Callable[[Any], bool], lasting: Lasting | None = None
    ) -> None:
        """List them.

        Args:
            is_held: Says whether an object lives here, so that the other side has a handle.
            lasting: What both sides hold since an earlier request.
        """
        self._lasting = Lasting() if lasting is None else lasting
        self._is_held = is_held
        self._objects = [*_mutable(asked, self._is_known, 0, set())]
        self._places = {id(each): place for place, each in enumerate(self._objects)}
        # Copies of all, before each call: there is no cheaper way to see a change in
        # place, and it is done for imported tests only.
        self._before = [Snapshot(each, is_plain_object) for each in self._objects]
        self._references = self._references_now()

    def _is_known(self, value: Any) -> bool:
        return self._lasting.holds(value) or self._is_held(value)

    def _references_now(self) -> list[int]:
        """How many references there are to each."""
        return [sys.getrefcount(each) for each in self._objects]

    def keep(self) -> list[tuple[int, int]]:
        """Hold on to those that the answer keeps: their places and numbers."""
        kept: list[tuple[int, int]] = []
        now = zip(self._objects, self._references, self._references_now(), strict=True)
        inside: set[int] = set()  # what is in one that is kept is kept as well
        for place, (each, before, after) in enumerate(now):
            if after > before or id(each) in inside:
                inside.update(id(part) for part in _mutable(each, self._is_known, 0, set()))
                if number := self._lasting.add(each, is_plain_object):
                    kept.append((place, number))
        return kept

    def changes(self) -> list[tuple[int, Any]]:
        """The places of those that are not what they were, with what they hold now."""
        return [
            (place, self.content(self._objects[place]))
            for place in self._places.values()  # of each once, however often it was given
            if not self._before[place].is_current
        ]

    def marked(self, value: Any, depth: int = 0) -> Any:
        """`value` with places in it for arguments; `value` itself where it holds none."""
        if not self._objects and not self._lasting:
            return value
        # An argument that is returned travels as its place, so
        # that `f(x) is x` holds on the other side.
        if (place := self._places.get(id(value))) is not None:
            return wire.Given(place)
        node = self._lasting.node(value)
        if isinstance(node, wire.Lasting):  # the first time, with what it holds
            return wire.Lasting(node.number, self._with_places(value, depth))
        return self._with_places(value, depth) if node is None else node

    def parts(self, content: Any) -> tuple[list[Any], Callable[[Any], bool]]:
        """What can be changed of something that the check tells; see `Lasting.set`."""
        return [*_mutable(content, self._is_known, 0, set())][1:], is_plain_object

    def content(self, value: Any) -> Any:
        """What an argument holds now, other arguments as places."""
        if isinstance(value, set):
            return set(value)
        if isinstance(value, bytearray):
            return bytes(value)
        if isinstance(value, deque):
            return self._with_places([*value], 0)
        if isinstance(value, dict):  # a Counter too
            return self._with_places(dict(value), 0)
        if is_generator(value):
            return state_of(value)
        if isinstance(value, STREAMS):
            return written_to(value) or None
        return self._with_places(vars(value) if is_plain_object(value) else value, 0)

    def _with_places(self, value: Any, depth: int) -> Any:
        if depth > wire.MAX_DEPTH:
            raise wire.TooDeep
        return with_parts(value, lambda item: self.marked(item, depth + 1))


def _mutable(
    value: Any, is_held: Callable[[Any], bool], depth: int, seen: set[int]
) -> Iterator[Any]:
    """What can be changed in place of a value, in the order of a walk through it.

    The same walk as `_mutable` in grading/arguments.py.
    """
    if depth > wire.MAX_DEPTH or _is_held_tuple(value, is_held):
        return
    # The last two are there for their identity.
    is_other = is_generator(value) or is_bare(value) or _is_own_object(value)
    if isinstance(value, MUTABLE) or _is_tensor(value) or is_frame(value, FRAMES) or is_other:
        if is_held(value):
            return
        yield value
    if isinstance(value, list | tuple):
        for item in parts_of(value):
            yield from _mutable(item, is_held, depth + 1, seen)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _mutable(item, is_held, depth + 1, seen)
    elif is_plain_object(value) and id(value) not in seen and not is_held(value):
        seen.add(id(value))
        yield value
        for item in vars(value).values():
            yield from _mutable(item, is_held, depth + 1, seen)


def _is_held_tuple(value: Any, is_held: Callable[[Any], bool]) -> bool:
    """Whether it is a namedtuple, say, that the other side has a handle on: it looks into none."""
    return isinstance(value, tuple) and type(value) is not tuple and is_held(value)


def is_plain_object(value: Any) -> bool:
    """As `is_plain_object` in grading/arguments.py, for an object that has arrived."""
    kind = type(value)
    return kind.__module__ == OF_CHECK and is_plain_class(kind) and not callable(value)


def _is_own_object(value: Any) -> bool:
    """As `is_own_object` in grading/arguments.py."""
    kind = type(value)
    if kind.__module__ != OF_CHECK or callable(value):
        return False
    return not isinstance(value, type) and not is_plain_class(kind)


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("torch") and hasattr(value, "detach")
