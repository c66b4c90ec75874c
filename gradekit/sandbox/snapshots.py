"""What an object holds that can be changed in place, taken down to be compared with later.

Items are compared by identity, so that no method of an object decides: what can be changed in them
is looked at by itself. Numbers are compared by bytes, since NaN != NaN and -0.0 == 0.0.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Collection
from operator import is_
from typing import Any

import numpy as np

from gradekit.sandbox.draws import is_generator, state_of
from gradekit.sandbox.frames import MUTABLE as FRAMES
from gradekit.sandbox.frames import is_frame

# What has no parts, and no identity that anybody asks for.
PLAIN = frozenset({type(None), bool, int, float, str, bytes, complex})
ITEMS, BYTES = 10_000, 2**20  # of the largest object that is compared at each request
STREAMS = (io.StringIO, io.BytesIO)
MUTABLE = (list, dict, set, deque, bytearray, np.ndarray, *STREAMS)


def is_bare(value: Any) -> bool:
    """Whether an object is there for its identity alone: `object()`, or one of mock's sentinels."""
    kind = type(value)
    is_sentinel = kind.__name__ == "_SentinelObject" and kind.__module__ == "unittest.mock"
    return kind is object or is_sentinel


def is_small(value: Any) -> bool:
    """Whether an object may be compared with what it was at each request."""
    if isinstance(value, np.ndarray):
        return bool(value.nbytes <= BYTES and not value.dtype.hasobject)
    if hasattr(value, "requires_grad") or is_frame(value, FRAMES):  # tensors and tables
        return False
    if isinstance(value, bytearray):
        return len(value) <= BYTES
    return not isinstance(value, list | dict | set | deque) or len(value) <= ITEMS


class Snapshot:
    """What an object held when it was taken down."""

    __slots__ = ("_held", "_is_plain_object", "value")

    def __init__(self, value: Any, is_plain_object: Callable[[Any], bool]) -> None:
        """`is_plain_object` says of an object of a check that it consists of its attributes."""
        self.value, self._is_plain_object = value, is_plain_object
        self._held = _content(value, is_plain_object)

    def anew(self) -> Snapshot:
        """A snapshot of what the object holds now."""
        return Snapshot(self.value, self._is_plain_object)

    @property
    def is_current(self) -> bool:
        """Whether the object holds that still."""
        value, before = self.value, self._held
        if before is None:
            return True
        if self._is_plain_object(value):
            value = vars(value)
        if isinstance(value, list | deque):
            return _are_same(value, before)
        if isinstance(value, bytearray):
            return bytes(value) == bytes(before)
        if isinstance(value, dict):
            return _are_same(value, before[0]) and _are_same(value.values(), before[1])
        if isinstance(value, set):  # one that nobody has touched keeps its order
            return _are_same(value, before) or {*map(id, value)} == {*map(id, before)}
        if is_generator(value):
            return bool(state_of(value) == before)
        if isinstance(value, STREAMS):
            return bool(written_to(value) == before)
        if is_frame(value, FRAMES):
            return is_same_frame(value, before)
        return _is_same_array(value, before)


def _content(value: Any, is_plain_object: Callable[[Any], bool]) -> Any:
    """A copy of what an object holds; None where it holds nothing that could be changed.

    A shallow one is enough, since items are compared by identity.
    """
    if isinstance(value, list | set | deque):
        return [*value]
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, dict):
        return [*value], [*value.values()]
    if isinstance(value, np.ndarray):
        return value.copy()
    if is_generator(value):
        return state_of(value)
    if isinstance(value, STREAMS):
        return written_to(value)
    if is_plain_object(value):
        return _content(vars(value), is_plain_object)
    if is_frame(value, FRAMES):
        return value.copy()
    return value.detach().clone() if hasattr(value, "requires_grad") else None


def _are_same(items: Collection[Any], before: Collection[Any]) -> bool:
    """Whether these are the very same objects, in one order."""
    return len(items) == len(before) and all(map(is_, items, before))


def items_of(value: Any) -> Collection[Any] | None:
    """What a container holds, keys too; None for anything else, subclasses included.

    Tuples of libraries are containers as well.
    """
    kind = type(value)
    if kind is dict:
        return [*value, *value.values()]
    if type(kind) is type and issubclass(kind, tuple):
        return value  # type: ignore[no-any-return]
    # By identity: == of the class of a handle would be a method of its metaclass.
    is_container = any(kind is each for each in (list, tuple, set, frozenset))
    items: Collection[Any] | None = value if is_container else None
    return items


def parts_of(value: Collection[Any]) -> list[Any]:
    """The items that are more than a number or a text."""
    return [item for item in value if type(item) not in PLAIN]


def with_parts(value: Any, part: Callable[[Any], Any]) -> Any:
    """A list, tuple or dict with `part(item)` for each of its items; any other value as it is.

    The object itself where all items stay: a copy would be another one to whoever keeps it.
    """
    if type(value) is list or type(value) is tuple:
        new = [item if type(item) in PLAIN else part(item) for item in value]
        is_same = all(a is b for a, b in zip(new, value, strict=True))
        return value if is_same else type(value)(new)
    if type(value) is dict:
        items = {key: part(item) for key, item in value.items()}
        return value if all(items[key] is value[key] for key in value) else items
    return value


def written_to(stream: io.StringIO | io.BytesIO) -> tuple[str | bytes, int] | tuple[()]:
    """What a stream holds, and where it stands; nothing where it has been closed."""
    return () if stream.closed else (stream.getvalue(), stream.tell())


def is_same_frame(value: Any, before: Any) -> bool:
    """Whether a table or column has the same entries of the same kinds, under the same names."""
    axes = zip(value.axes, before.axes, strict=True)
    names = getattr(value, "name", None) is getattr(before, "name", None)
    return names and value.equals(before) and all(a.names == b.names for a, b in axes)


def _is_same_array(value: Any, before: Any) -> bool:
    """The same for arrays and tensors."""
    if value.shape != before.shape or value.dtype != before.dtype:
        return False
    if not isinstance(value, np.ndarray):
        value, before = _array(value), _array(before)
    return _same_bytes(value, before)


def _array(tensor: Any) -> np.ndarray:
    plain = tensor.detach()
    plain = plain.float() if str(plain.dtype) == "torch.bfloat16" else plain
    array: np.ndarray = plain.numpy(force=True)
    return array


def _same_bytes(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays of one dtype and shape hold the same bytes; without a copy of either."""
    if left.dtype.hasobject or not left.flags.c_contiguous or not right.flags.c_contiguous:
        return bool(left.tobytes() == right.tobytes())
    item = np.uint64 if left.nbytes % 8 == 0 else np.uint8  # eight at a time, where that comes out
    # By way of bytes: texts of five characters are 20 bytes each, which no 8 divide.
    left, right = (each.reshape(-1).view(np.uint8).view(item) for each in (left, right))
    return bool(np.array_equal(left, right))
