"""The arguments of a call in an imported check, which the call may change in place.

Such a check expects to share a process with the answer: a list that it passed is sorted
afterwards, and `f(x) is x` holds. The call is made on copies in the worker; what changed in them
is written back here, and an argument that is returned comes back as the same object. A constant
of the check is never written to, since the check may compare with it, or give it to the next
answer: it stays as it is, and where it is returned, a changed copy is returned in its place.
"""

from __future__ import annotations

import copy
import functools
import io
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import cloudpickle
import numpy as np

from gradekit.grading.shown import is_tensor, label_of
from gradekit.sandbox import wire
from gradekit.sandbox.frames import MUTABLE as FRAMES
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.known import is_plain_class
from gradekit.sandbox.snapshots import MUTABLE, STREAMS, is_bare, state_of, written_to

CONSTANTS = 200_000  # objects that are searched for constants at most
KINDS = (list, dict, set)


class Arguments:
    """The lists, dicts, sets, arrays, tables and tensors among the arguments of one request."""

    def __init__(
        self,
        asked: Any,
        constants: Callable[[], set[Any]],
        is_mirrored: Callable[[Any], bool],
        is_held: Callable[[Any], bool] = lambda value: False,
    ) -> None:
        """List them.

        Args:
            constants: Gives the owners of memory that has to stay as it is.
            is_mirrored: Says whether a tensor stands for one of the answer's own.
            is_held: Says of an object that both sides hold it since an earlier request.
        """
        found = _mutable(asked, is_held, 0, set())
        self.objects = [each for each in found if not is_mirrored(each)]
        self._constants = constants
        self._copies: dict[int, Any] = {}  # of constants that the answer has changed, by their ids

    def at(self, place: int) -> Any:
        """The object at a place.

        Raises:
            Malformed: there is none.
        """
        if not 0 <= place < len(self.objects):
            raise wire.Malformed("an argument that it was not given")
        return self.objects[place]

    def settled(self, value: Any, changes: Any) -> Any:
        """Write changes back; give `value` with copies in it for constants that changed.

        Raises:
            Malformed: they are no changes of these arguments.
        """
        if not isinstance(changes, list):
            raise wire.Malformed("changes that are none")
        constants = self._constants() if changes else set()
        copies = self._copies
        for change in changes:
            if not isinstance(change, tuple) or len(change) != 2 or type(change[0]) is not int:
                raise wire.Malformed("changes that are none")
            target = self.at(change[0])
            # A view too: writing through a slice would change the constant that it belongs to.
            if not constants.isdisjoint(owners_of(target)):
                copies[id(target)] = target = copy.copy(target)
            try:
                write(target, change[1])
            except (TypeError, ValueError):
                raise wire.Malformed("an argument became something else") from None
        return _replaced(value, copies, 0) if copies else value

    def settled_at(self, place: int) -> Any:
        """As `at`, with the copy of a constant that the answer has changed."""
        value = self.at(place)
        return self._copies.get(id(value), value)


def mutable_in(content: Any, is_held: Callable[[Any], bool]) -> list[Any]:
    """What can be changed of what an object holds, that first, in the order of both sides."""
    return [*_mutable(content, lambda each: each is not content and is_held(each), 0, set())]


def _mutable(
    value: Any, is_held: Callable[[Any], bool], depth: int, seen: set[int]
) -> Iterator[Any]:
    """What can be changed in place of a value, in the order in which the worker lists it.

    The same walk as `_mutable` in sandbox/inside/arguments.py: places are positions in this list.
    """
    if depth > wire.MAX_DEPTH or label_of(value):  # a handle stands for an object of its own
        return
    is_other = is_bare(value) or is_own_object(value)  # there for its identity
    if isinstance(value, MUTABLE) or is_tensor(value) or is_frame(value, FRAMES) or is_other:
        if is_held(value):
            return
        yield value
    if isinstance(value, list | tuple):
        for item in value:
            yield from _mutable(item, is_held, depth + 1, seen)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _mutable(item, is_held, depth + 1, seen)
    elif is_plain_object(value) and id(value) not in seen and not is_held(value):
        seen.add(id(value))
        yield value
        for item in vars(value).values():
            yield from _mutable(item, is_held, depth + 1, seen)


def is_plain_object(value: Any) -> bool:
    """Whether it is an object of a class of the check that consists of its attributes.

    Such an object is rebuilt in the worker, attribute for attribute.
    """
    kind = type(value)
    if kind.__module__ == "builtins":  # most of what there is
        return False
    by_value = kind.__module__ == "__main__" or kind.__module__ in _by_value()
    return by_value and is_plain_class(kind) and not callable(value)


def is_own_object(value: Any) -> bool:
    """Whether it is an object of another class of the check, which is rebuilt as a whole."""
    kind = type(value)
    if kind.__module__ == "builtins" or isinstance(value, tuple | type) or callable(value):
        return False
    by_value = kind.__module__ == "__main__" or kind.__module__ in _by_value()
    return by_value and not is_plain_class(kind)


def _by_value() -> set[str]:
    found: set[str] = cloudpickle.list_registry_pickle_by_value()
    return found


def write(target: Any, content: Any) -> None:
    """Make `target` hold what `content` holds, as `content_of` or the worker tells it.

    Raises:
        Malformed: it holds something of another kind; so do TypeError and ValueError.
    """
    # Otherwise a list that is to be filled with a dict would take over its keys, without an error.
    for kind in KINDS if not is_plain_object(target) else ():
        if isinstance(target, kind) != isinstance(content, kind):
            raise wire.Malformed("an argument became something else")
    if isinstance(target, list):
        target[:] = content
    elif isinstance(target, dict | set):
        target.clear()
        target.update(content)
    elif (write := _writer_for(target)) is not None:
        write(target, content)
    elif not is_tensor(content) or content.shape != target.shape or content.dtype != target.dtype:
        raise wire.Malformed("a tensor became something else")
    else:
        # By way of .data: autograd refuses changes in place of a leaf with gradients.
        target.data.copy_(content.detach())


def content_of(value: Any) -> Any:
    """What an object holds, to be sent."""
    if isinstance(value, np.random.Generator):
        return state_of(value)
    if isinstance(value, STREAMS):
        return written_to(value) or None
    return vars(value) if is_plain_object(value) else value


def _write_stream(target: Any, content: Any) -> None:
    if content is None:
        target.close()
        return
    wanted = str if isinstance(target, io.StringIO) else bytes
    is_pair = isinstance(content, tuple) and len(content) == 2
    if not is_pair or type(content[0]) is not wanted or type(content[1]) is not int:
        raise wire.Malformed("a stream became something else")
    target.seek(0)
    target.truncate()
    target.write(content[0])
    target.seek(content[1])


def _write_frame(target: Any, content: Any) -> None:
    if type(content) is not type(target):
        raise wire.Malformed("a table became something else")
    target.__init__(content)  # makes it anew in place


def _write_object(target: Any, content: Any) -> None:
    if type(content) is not dict or not all(type(name) is str for name in content):
        raise wire.Malformed("an object became something else")
    vars(target).clear()
    vars(target).update(content)


def _writer_for(target: Any) -> Callable[[Any, Any], None] | None:
    """What makes an object of that kind hold something else; None for other kinds."""
    if is_frame(target, FRAMES):
        return _write_frame
    if is_plain_object(target):
        return _write_object
    writers: dict[Any, Callable[[Any, Any], None]] = {
        np.random.Generator: _move_on, STREAMS: _write_stream, np.ndarray: _write_array,
    }  # fmt: skip
    return next((write for kind, write in writers.items() if isinstance(target, kind)), None)


def _write_array(target: np.ndarray, content: Any) -> None:
    is_array = isinstance(content, np.ndarray)
    if not is_array or content.shape != target.shape or content.dtype != target.dtype:
        raise wire.Malformed("an array became something else")
    # One that is read-only here was not read-only in the worker, where arrays are views of a frame.
    if target.flags.writeable:
        target[...] = content


def _move_on(generator: np.random.Generator, content: Any) -> None:
    """Let a generator go on from where the answer left its copy.

    The increment stays ours: with it any state is as good as another, and none makes a generator
    loop without end.
    """
    told: Any = generator.bit_generator.state
    limits = (2**128, 2, 2**32)
    is_state = isinstance(content, tuple) and len(content) == len(limits)
    if not is_state or told.get("bit_generator") != "PCG64":
        raise wire.Malformed("a generator became something else")
    if not all(type(n) is int and 0 <= n < most for n, most in zip(content, limits, strict=True)):
        raise wire.Malformed("a generator became something else")
    told["state"]["state"], told["has_uint32"], told["uinteger"] = content
    generator.bit_generator.state = told


def _replaced(value: Any, copies: dict[int, Any], depth: int) -> Any:
    """`value` with copies for the objects of those ids."""
    if depth > wire.MAX_DEPTH or label_of(value):
        return value
    if id(value) in copies:
        return copies[id(value)]
    if type(value) is list or type(value) is tuple:
        return type(value)(_replaced(item, copies, depth + 1) for item in value)
    if type(value) is dict:
        return {key: _replaced(item, copies, depth + 1) for key, item in value.items()}
    return value


def owners_of(value: Any) -> set[Any]:
    """Keys of the memory that an object uses: its id, and the ids of what it is a view of.

    So a slice of a constant array is recognised as part of the constant.
    """
    # The id is enough for lists and dicts. Of an array, views are other objects on the same memory.
    found: set[Any] = {id(value)}
    if is_tensor(value):
        return found | {("storage", value.untyped_storage().data_ptr())}
    while (value := getattr(value, "base", None)) is not None:
        found.add(id(value))
    return found


def constants_in(roots: list[Any], module: str) -> set[Any]:
    """The owners of all that can be changed and is reached from `roots`, within a module.

    Not beyond it: libraries hold thousands of objects, none of which a check passes as its own.
    """
    found: set[Any] = set()
    waiting = [*roots]
    seen: set[int] = set()
    # Bounded, since a check's module may hold a data set as nested lists: what is beyond the bound
    # is not protected, rather than every check being slow.
    while waiting and len(seen) < CONSTANTS:
        value = waiting.pop()
        if id(value) in seen or label_of(value):
            continue
        seen.add(id(value))
        is_data = isinstance(value, list | dict | set | np.ndarray) or is_tensor(value)
        if is_data or is_plain_object(value) or is_frame(value, FRAMES):
            found |= owners_of(value)
        waiting += _inside(value, module)
    return found


def _inside(value: Any, module: str) -> list[Any]:
    """What a value holds: items, defaults and closures of functions, attributes."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return [*value]
    if isinstance(value, np.ndarray | np.generic | str | bytes | int | float):
        return []
    if isinstance(value, FunctionType) and value.__module__ == module:
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        return [value.__defaults__, value.__kwdefaults__, vars(value), *cells]
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, type) and value.__module__ == module:
        return [*vars(value).values()]
    if type(value).__module__ == module:
        return [getattr(value, "__dict__", None)]
    return []


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
