"""The objects that stay in a worker for the length of a check, each under a number.

The other side holds handles on them. Numbers are given in the order in which objects are first
sent, so that a check that takes the same course gets the same numbers, byte for byte: only then
can its replies be recognised (see grading/memo.py).
"""

from __future__ import annotations

import enum
import types
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from gradekit.sandbox import wire
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.inside.lasting import Lasting
from gradekit.sandbox.inside.tensors import Tensors, is_traced
from gradekit.sandbox.known import OWN_WAYS, SPECIAL, UNHASHABLE, known_classes, names_of_known
from gradekit.sandbox.limits import LIVE_OBJECTS
from gradekit.sandbox.sparse import is_sparse

NAME_CHARACTERS = 100
HELD_ITEMS, HELD_CHARACTERS = 100, 10_000  # of what a node tells of an object's data
# The modules whose classes of data travel as such. A class of any other that is derived from data,
# a namedtuple or an Enum perhaps, may have attributes and methods of its own.
DATA_MODULES = frozenset("builtins numpy torch decimal fractions datetime uuid".split())
MAPPINGS = ("OrderedDict", "defaultdict", "Counter")  # of collections: they travel as such
CLOCK = "year month day hour minute second microsecond tzinfo fold".split()  # of a datetime
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
Kind = int | wire.Kind


class Objects:
    """What a check holds handles on."""

    def __init__(self, *, with_gradients: bool = False) -> None:
        self.tensors = Tensors(self._has_number) if with_gradients else None
        self.lasting = Lasting()
        self._values: list[Any] = []  # keeps them alive, so that no id is used a second time
        self._numbers: dict[Any, int] = {}
        self._told: set[int] = set()  # classes that the current frame has described

    def holds(self, value: Any) -> bool:
        """Whether the other side has a handle on an object, or both hold it."""
        is_kept = self.tensors is not None and self.tensors.holds(value)
        return is_kept or _identity(value) in self._numbers

    def _has_number(self, value: Any) -> bool:
        return _identity(value) in self._numbers

    def clear(self) -> None:
        """Forget all of them: another check begins."""
        self._values.clear()
        self._numbers.clear()
        self.lasting = Lasting()
        if self.tensors is not None:
            self.tensors.clear()

    def begin_frame(self) -> None:
        """Describe classes anew: each frame tells all that is needed to read it."""
        self._told.clear()

    def node(self, value: Any, is_no_data: bool) -> Any:
        """The node of a value that is no data; None for data. See `wire.encode`."""
        if isinstance(value, type):
            return wire.Class(self._class(value))
        if type(value) is wire.Given:
            return value
        if self.tensors is not None:
            if (known := self.tensors.known(value)) is not None:
                return known
            if is_traced(value):
                return self.tensors.node(value, self.number(value))
        # Tables travel where gradients do: in imported checks, whose tests look into real ones.
        is_table = self.tensors is not None and (is_frame(value) or is_sparse(value))
        if not is_no_data and (is_table or self._is_data(value)):
            return None
        name = getattr(value, "__name__", "") if isinstance(value, FUNCTIONS) else ""
        kind = self._kind(type(value))
        return wire.Live(self.number(value), kind, str(name)[:NAME_CHARACTERS], _held_by(value))

    def value(self, node: Any) -> Any:
        """The object that a node of the other side means."""
        if isinstance(node, tuple):
            told, tensor, grad = node
            assert self.tensors is not None
            return self.tensors.arrived(told.number, told.kind, tensor, grad)
        if isinstance(node, wire.Sent):
            assert self.tensors is not None
            return self.tensors.sent(node.number)
        if isinstance(node, wire.Class):
            kind: Any = node.kind
            return known_classes()[kind] if isinstance(kind, str) else self.at(kind)
        return self.at(node.number)

    def at(self, number: int) -> Any:
        """The object under a number."""
        return self._values[number - 1]

    def number(self, value: Any) -> int:
        """The number of an object, which keeps it alive.

        Raises:
            NotData: there are too many.
        """
        key = _identity(value)
        if (number := self._numbers.get(key)) is None:
            if len(self._values) >= LIVE_OBJECTS:
                raise wire.NotData(f"more than {LIVE_OBJECTS:,} objects")
            self._values.append(value)
            number = self._numbers[key] = len(self._values)
        return number

    @staticmethod
    def _is_data(value: Any) -> bool:
        """Whether a value travels, so that it need not be held."""
        kind = type(value)
        if isinstance(value, enum.Enum):
            return False
        module = kind.__module__
        if module == "collections":
            return kind.__name__ in MAPPINGS
        return module.partition(".")[0] in DATA_MODULES  # or `wire` finds that it is none

    def _class(self, kind: type) -> str | Kind:
        """A class: known by name, or described."""
        return names_of_known().get(kind) or self._kind(kind)

    def _kind(self, kind: type) -> Kind:
        """A class by its number; described where the frame has not done so yet."""
        number = self.number(kind)
        if number in self._told:
            return number
        self._told.add(number)
        bases = [self._class(base) for base in _bases_of(kind)]
        # Sorted: the frame has to be the same, byte for byte, for every answer that behaves alike.
        special = [name for name in sorted(SPECIAL) if _has(kind, name)]
        if kind.__hash__ is None:
            special.append(UNHASHABLE)
        special += [way for way, names in OWN_WAYS.items() if _defines(kind, names)]
        return wire.Kind(number, kind.__name__[:NAME_CHARACTERS], bases, special)


def view(value: Any) -> Any:
    """What an object of a class derived from data holds, as data of the plain kind.

    Raises:
        TypeError: its class is not derived from data.
    """
    for base in type(value).__mro__:
        if base in PLAIN:
            return PLAIN[base](value)
    if type(value).__module__ == "collections" and type(value).__name__ == "deque":
        return list(value)
    raise TypeError("no data")


# By methods of the base class itself: a subclass may have overridden them, and what it holds is
# what a check is to see.
PLAIN: dict[type, Any] = {
    bool: bool,
    int: int.__int__,
    float: float.__float__,
    complex: lambda value: complex(value.real, value.imag),
    str: str.__str__,
    bytes: lambda value: bytes.__add__(value, b""),
    bytearray: lambda value: bytes(bytearray.__add__(value, b"")),
    list: lambda value: [*list.__iter__(value)],
    tuple: lambda value: (*tuple.__iter__(value),),
    set: lambda value: {*set.__iter__(value)},
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    datetime: lambda value: datetime(**_read(datetime, CLOCK, value)),
    date: lambda value: date(**_read(date, CLOCK[:3], value)),
}


def _read(kind: type, names: Sequence[str], value: Any) -> dict[str, Any]:
    """Attributes that a class in C gives its objects, whatever a subclass calls so."""
    return {name: getattr(kind, name).__get__(value) for name in names}


def _held_by(value: Any) -> Any:
    """What an object holds that is a text, a number or a tuple of such; None where it is not so.

    By methods of the base class itself, as in `PLAIN`. Of a built-in exception its arguments.
    """
    is_error = isinstance(value, BaseException) and type(value) in names_of_known()
    if isinstance(value, tuple) or is_error:
        items = [*tuple.__iter__(value.args if is_error else value)]
        is_plain = len(items) <= HELD_ITEMS and all(map(_is_plain, items))
        return items if is_plain else None
    for kind in (str, int, float):
        if isinstance(value, kind):
            held = PLAIN[kind](value)
            return held if _is_plain(held) else None
    return None


def _is_plain(value: Any) -> bool:
    """Whether a value can be written into a node as it is."""
    if type(value) is str:
        return len(value) <= HELD_CHARACTERS and value.isascii()
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return value is None or type(value) in (bool, float)


def _identity(value: Any) -> Any:
    """The key of an object. Not always its id: each access to a method makes a new object."""
    if isinstance(value, types.MethodType):
        return id(value.__self__), id(value.__func__)
    if isinstance(value, types.BuiltinFunctionType):
        return id(value.__self__), value.__name__
    return id(value)


def _bases_of(kind: type) -> list[type]:
    """The bases of a class; one that both sides know by name comes first among its own."""
    bases = [base for base in kind.__bases__ if base is not object]
    return [kind, *bases] if kind in names_of_known() else bases


def _defines(kind: type, names: Sequence[str]) -> bool:
    """Whether a class has such a method, and not from Python's own classes of data."""
    owners = (next((each for each in kind.__mro__ if name in vars(each)), object) for name in names)
    return any(owner is not object and owner not in PLAIN for owner in owners)


def _has(kind: type, name: str) -> bool:
    """Whether a class or a base defines a special method, apart from `object`."""
    found = getattr(kind, name, None)
    return found is not None and found is not getattr(object, name, None)
