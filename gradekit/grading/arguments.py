"""The arguments of a call in an imported check, which the call may change in place.

The check expects that a list which it passes is sorted afterwards, and that `f(x) is x` holds. But
the worker has copies. So changes of these copies are written back into the check's objects, and
if the answer returns an argument, the check gets its own object.

Constants of the check are never written to, since the check may compare with them, or pass them to
the next answer. If the answer changes and returns one, the check gets a changed copy.
"""

from __future__ import annotations

import copy
import functools
import io
from collections import deque
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import cloudpickle
import numpy as np

from gradekit.grading.shown import is_tensor, label_of
from gradekit.sandbox import wire
from gradekit.sandbox.draws import is_ahead, is_generator, put, state_of
from gradekit.sandbox.frames import MUTABLE as FRAMES
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.known import is_plain_class
from gradekit.sandbox.snapshots import MUTABLE, STREAMS, is_bare, parts_of, written_to

CONSTANTS = 200_000  # the most objects that are searched for constants
KINDS = (list, dict, set)


class Arguments:
    """The objects among the arguments of one request that can be changed in place.

    Both sides list them in the same order. An object's place in this list is its number.
    """

    def __init__(
        self,
        asked: Any,
        constants: Callable[[], set[Any]],
        is_mirrored: Callable[[Any], bool],
        is_held: Callable[[Any], bool] = lambda value: False,
    ) -> None:
        """List the objects.

        Args:
            asked: The request.
            constants: Gives the owners of memory that must not change.
            is_mirrored: Whether a tensor is one that both sides hold (tensors.py): left out.
            is_held: Whether both sides hold an object since an earlier request: left out.
        """
        found = _mutable(asked, is_held, 0, set())
        self.objects = [each for each in found if not is_mirrored(each)]
        self._constants = constants
        # Changed copies of constants that the answer has changed, by the ids of the constants.
        self._copies: dict[int, Any] = {}

    def at(self, place: int) -> Any:
        """The object at a place.

        Raises:
            Malformed: there is none.
        """
        if not 0 <= place < len(self.objects):
            raise wire.Malformed("an argument that it was not given")
        return self.objects[place]

    def settled(self, value: Any, changes: Any) -> Any:
        """Write changes into the check's objects.

        Args:
            value: What the answer returned.
            changes: A list of (place, content).
        Returns:
            `value`, in which changed constants are replaced by their copies.
        Raises:
            Malformed: these are no changes of these arguments.
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
        """As `at`, but of a constant that the answer has changed, the changed copy."""
        value = self.at(place)
        return self._copies.get(id(value), value)


def mutable_in(content: Any, is_held: Callable[[Any], bool]) -> list[Any]:
    """The objects within `content` that can be changed in place, `content` itself first.

    They have the same order as in the worker.
    """
    return [*_mutable(content, lambda each: each is not content and is_held(each), 0, set())]


def _mutable(
    value: Any, is_held: Callable[[Any], bool], depth: int, seen: set[int]
) -> Iterator[Any]:
    """The objects within a value that can be changed in place.

    `_mutable` in sandbox/inside/arguments.py goes through the copies in the same order. Change both
    or neither: the positions are the numbers by which the two sides name these objects.
    """
    if depth > wire.MAX_DEPTH or label_of(value):  # the object of a handle stays with the answer
        return
    # The last two are listed so that `f(x) is x` holds.
    is_other = is_generator(value) or is_bare(value) or is_own_object(value)
    if isinstance(value, MUTABLE) or is_tensor(value) or is_frame(value, FRAMES) or is_other:
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


def is_plain_object(value: Any) -> bool:
    """Whether a value is an object of a class of the check, and has nothing but attributes.

    The worker makes such an object again, attribute by attribute.
    """
    kind = type(value)
    if kind.__module__ == "builtins":  # most of what there is
        return False
    by_value = kind.__module__ == "__main__" or kind.__module__ in _by_value()
    return by_value and is_plain_class(kind) and not callable(value)


def is_own_object(value: Any) -> bool:
    """Whether a value is another object of a class of the check: the worker gets a pickle of it."""
    kind = type(value)
    if kind.__module__ == "builtins" or isinstance(value, type) or callable(value):
        return False
    by_value = kind.__module__ == "__main__" or kind.__module__ in _by_value()
    return by_value and not is_plain_class(kind)


def _by_value() -> set[str]:
    """The modules of checks: cloudpickle sends their classes with their contents."""
    found: set[str] = cloudpickle.list_registry_pickle_by_value()
    return found


def write(target: Any, content: Any) -> None:
    """Give `target` the contents `content`, which came from `content_of` or from the worker.

    Raises:
        Malformed, TypeError, ValueError: `content` does not fit `target`.
    """
    if isinstance(target, deque | bytearray):
        _write_sequence(target, content)
        return
    # Without this, `target[:] = content` would fill a list with the keys of a dict.
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
    """The contents of an object, as they are sent to the other side."""
    if is_generator(value):
        return state_of(value)
    if isinstance(value, STREAMS):
        return written_to(value) or None
    if isinstance(value, deque):
        return [*value]
    if isinstance(value, bytearray):
        return bytes(value)
    return vars(value) if is_plain_object(value) else value


def _write_sequence(target: deque[Any] | bytearray, content: Any) -> None:
    if type(content) is not (list if isinstance(target, deque) else bytes):
        raise wire.Malformed("an argument became something else")
    target.clear()
    target.extend(content)


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
    """The function that writes contents into objects of that kind; None if there is none."""
    if is_frame(target, FRAMES):
        return _write_frame
    if is_plain_object(target):
        return _write_object
    if is_generator(target):
        return _move_on
    writers: dict[Any, Callable[[Any, Any], None]] = {
        STREAMS: _write_stream, np.ndarray: _write_array,
    }  # fmt: skip
    return next((write for kind, write in writers.items() if isinstance(target, kind)), None)


def _write_array(target: np.ndarray, content: Any) -> None:
    is_array = isinstance(content, np.ndarray)
    if not is_array or content.shape != target.shape or content.dtype != target.dtype:
        raise wire.Malformed("an array became something else")
    # The worker's copy could be written to, even if this array is read-only.
    if target.flags.writeable:
        target[...] = content


def _move_on(generator: Any, content: Any) -> None:
    """Set a generator to the state in which the answer left its copy, if it comes there by drawing.

    Else, as where the answer has seeded it, it stays where it is. The increment of PCG64 is not
    taken over: with our own, no state can make the generator loop without end.
    """
    if is_ahead(state_of(generator), content):
        put(generator, content)


def _replaced(value: Any, copies: dict[int, Any], depth: int) -> Any:
    """`value`, with copies instead of the objects that have these ids."""
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
    """Keys for the memory that an object uses: its id, and the ids of the arrays it is a view of.

    A slice of a constant array shares a key with the constant. So do tensors on the same storage.
    """
    found: set[Any] = {id(value)}
    if is_tensor(value):
        return found | {("storage", value.untyped_storage().data_ptr())}
    while (value := getattr(value, "base", None)) is not None:
        found.add(id(value))
    return found


def constants_in(roots: list[Any], module: str) -> set[Any]:
    """The owners of all changeable objects that can be reached from `roots` within a module.

    The search does not enter other modules: a library holds thousands of objects, and a check
    passes none of these as its own.
    """
    found: set[Any] = set()
    waiting = [*roots]
    seen: set[int] = set()
    # A check's module may hold a data set as nested lists. Objects beyond the limit are not
    # protected; without a limit every check would be slow.
    while waiting and len(seen) < CONSTANTS:
        value = waiting.pop()
        if id(value) in seen or label_of(value):
            continue
        seen.add(id(value))
        is_data = isinstance(value, list | dict | set | deque | bytearray | np.ndarray)
        if is_data or is_tensor(value) or is_plain_object(value) or is_frame(value, FRAMES):
            found |= owners_of(value)
        waiting += _inside(value, module)
    return found


def _inside(value: Any, module: str) -> list[Any]:
    """What a value refers to: items, attributes, defaults and closures of functions."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [*value]
    if isinstance(value, bytearray | np.ndarray | np.generic | str | bytes | int | float):
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
