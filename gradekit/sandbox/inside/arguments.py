"""The arguments of a request, as far as a call can change them in place.

Both sides list them in the same order, so that a place in the list means an object there and its
copy here. After the call the changed ones are sent back; and an argument that is returned, or is
part of what is returned, travels as its place.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradekit.sandbox import wire
from gradekit.sandbox.frames import MUTABLE as FRAMES
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.known import is_plain_class

OF_CHECK = "grader"  # the module of whatever the check has sent by value
STREAMS = (io.StringIO, io.BytesIO)
MUTABLE = (list, dict, set, np.ndarray, np.random.Generator, *STREAMS)


class Arguments:
    """The lists, dicts, sets, arrays and tensors among the arguments of one request."""

    def __init__(self, asked: Any, is_held: Callable[[Any], bool]) -> None:
        """`is_held` says whether an object lives here, so that the other side has a handle."""
        self._objects = [*_mutable(asked, is_held, 0, set())]
        self._places = {id(each): place for place, each in enumerate(self._objects)}
        # Copies of all, before each call: there is no cheaper way to see a change in
        # place, and it is done for imported tests only.
        self._before = [_snapshot(each) for each in self._objects]

    def changes(self) -> list[tuple[int, Any]]:
        """The places of those that are not what they were, with what they hold now."""
        return [
            (place, self._content(each))
            for place, each in enumerate(self._objects)
            if not _is_as_before(each, self._before[place])
        ]

    def marked(self, value: Any, depth: int = 0) -> Any:
        """`value` with places in it for arguments; `value` itself where it holds none."""
        if not self._objects:
            return value
        # An argument that is returned travels as its place, so
        # that `f(x) is x` holds on the other side.
        if (place := self._places.get(id(value))) is not None:
            return wire.Given(place)
        return self._with_places(value, depth)

    def _content(self, value: Any) -> Any:
        """What an argument holds now, other arguments as places."""
        if isinstance(value, set):
            return set(value)
        if isinstance(value, np.random.Generator):
            return _state(value)
        if isinstance(value, STREAMS):
            return _written(value)
        return self._with_places(vars(value) if _is_plain_object(value) else value, 0)

    def _with_places(self, value: Any, depth: int) -> Any:
        if depth > wire.MAX_DEPTH:
            raise wire.TooDeep
        if type(value) is list or type(value) is tuple:
            new = [self.marked(item, depth + 1) for item in value]
            # The list itself where it holds no argument: a copy
            # would be another object to whoever keeps it.
            is_same = all(a is b for a, b in zip(new, value, strict=True))
            return value if is_same else type(value)(new)
        if type(value) is dict:
            items = {key: self.marked(item, depth + 1) for key, item in value.items()}
            return value if all(items[key] is value[key] for key in value) else items
        return value


def _mutable(
    value: Any, is_held: Callable[[Any], bool], depth: int, seen: set[int]
) -> Iterator[Any]:
    """What can be changed in place of a value, in the order of a walk through it.

    The same walk as `_mutable` in grading/arguments.py.
    """
    if depth > wire.MAX_DEPTH or _is_held_tuple(value, is_held):
        return
    if isinstance(value, MUTABLE) or _is_tensor(value) or is_frame(value, FRAMES):
        if is_held(value):
            return
        yield value
    if isinstance(value, list | tuple):
        for item in value:
            yield from _mutable(item, is_held, depth + 1, seen)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _mutable(item, is_held, depth + 1, seen)
    elif _is_plain_object(value) and id(value) not in seen and not is_held(value):
        seen.add(id(value))
        yield value
        for item in vars(value).values():
            yield from _mutable(item, is_held, depth + 1, seen)


def _is_held_tuple(value: Any, is_held: Callable[[Any], bool]) -> bool:
    """Whether it is a namedtuple, say, that the other side has a handle on: it looks into none."""
    return isinstance(value, tuple) and type(value) is not tuple and is_held(value)


def _is_plain_object(value: Any) -> bool:
    """As `is_plain_object` in grading/arguments.py, for an object that has arrived."""
    kind = type(value)
    return kind.__module__ == OF_CHECK and is_plain_class(kind) and not callable(value)


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("torch") and hasattr(value, "detach")


def _snapshot(value: Any) -> Any:
    """A copy of what an argument holds, to compare with later.

    Items are compared by identity, so a shallow copy is enough: what can be changed in them is
    listed by itself. Numbers are compared by bytes, since NaN != NaN and -0.0 == 0.0.
    """
    if isinstance(value, list):
        return [*value]
    if isinstance(value, dict):
        return [*value.items()]
    if isinstance(value, set):
        return set(value)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, np.random.Generator):
        return _state(value)
    if _is_plain_object(value):
        return [*vars(value).items()]
    if isinstance(value, STREAMS):
        return _written(value)
    if is_frame(value, FRAMES):
        return value.copy()
    return value.detach().clone()


def _is_as_before(value: Any, before: Any) -> bool:
    if _is_plain_object(value):
        value = vars(value)
    if isinstance(value, list):
        return len(value) == len(before) and all(a is b for a, b in zip(value, before, strict=True))
    if isinstance(value, dict):
        pairs = [(*item, *old) for item, old in zip(value.items(), before, strict=False)]
        return len(value) == len(before) and all(a is c and b is d for a, b, c, d in pairs)
    if isinstance(value, set):
        return bool(value == before)
    if isinstance(value, np.random.Generator):
        return bool(_state(value) == before)
    if isinstance(value, STREAMS):
        return bool(_written(value) == before)
    if is_frame(value, FRAMES):
        return _is_same_frame(value, before)
    if value.shape != before.shape or value.dtype != before.dtype:
        return False
    if not isinstance(value, np.ndarray):
        value, before = _array(value), _array(before)
    return _same_bytes(value, before)


def _written(stream: io.StringIO | io.BytesIO) -> tuple[str | bytes, int] | None:
    """What a stream holds, and where it stands; None where it has been closed."""
    return None if stream.closed else (stream.getvalue(), stream.tell())


def _is_same_frame(value: Any, before: Any) -> bool:
    """Whether a table or column has the same entries of the same kinds, under the same names."""
    axes = zip(value.axes, before.axes, strict=True)
    names = getattr(value, "name", None) is getattr(before, "name", None)
    return names and value.equals(before) and all(a.names == b.names for a, b in axes)


def _state(generator: np.random.Generator) -> tuple[int, int, int] | None:
    """Where a generator of NumPy's usual kind stands; None for another kind."""
    told: Any = generator.bit_generator.state
    if told.get("bit_generator") != "PCG64":
        return None
    return int(told["state"]["state"]), int(told["has_uint32"]), int(told["uinteger"])


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
    left, right = (each.reshape(-1).view(item) for each in (left, right))
    return bool(np.array_equal(left, right))
