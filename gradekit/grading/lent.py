"""Objects of an imported check that the answer uses: mocks, iterators, coroutines, and others.

They stay with the check, which looks at them afterwards; in the answer's process stands an object
that has everything done here. Not everything: of a mock what the test could have configured, and
nothing of its own interface, which holds what the test expects; of other objects the methods that
the test's own classes define. What a mock wraps is reached only where it is an object of such a
class, since of a library's (`wraps=os`) an answer could call anything.
"""

from __future__ import annotations

import io
import itertools
import sys
from datetime import date, datetime
from itertools import islice
from types import CoroutineType, FunctionType, GeneratorType
from typing import Any

import cloudpickle

from gradekit.grading.awaiting import run
from gradekit.sandbox import wire
from gradekit.sandbox.known import OF_LENT

ITEMS = 10_000  # of an iteration
# No pickle can hold most of them, their items may come from functions of the check, and a test may
# go on where the answer stopped.
KEPT: list[Any] = [[], (), "", b"", range(0), set(), {}, {}.values(), {}.items()]
ITERATORS = frozenset([
    GeneratorType, map, filter, zip, enumerate, reversed, *(type(iter(each)) for each in KEPT),
    itertools.count, itertools.cycle, itertools.repeat, itertools.chain, itertools.islice,
    itertools.accumulate, itertools.takewhile, itertools.dropwhile, itertools.starmap,
])  # fmt: skip
OF_GENERATORS = frozenset({"close", "send", "throw"})
DATA = (list, dict, set, frozenset, tuple, str, bytes, bytearray)
# Bases whose methods touch nothing but the object itself.
IN_MEMORY = frozenset({*io.BytesIO.__mro__, *io.StringIO.__mro__, *DATA} - {object})
OWN_INTERFACE = frozenset(
    "call_args call_args_list call_count called mock_calls method_calls return_value side_effect "
    "attach_mock configure_mock mock_add_spec reset_mock "
    "await_args await_args_list await_count awaited".split()
)
MOCKED = OF_LENT - {"__init__"}


def is_lent(value: Any) -> bool:
    """Whether an object of the check's is one that the answer uses, and that stays here."""
    # Of its type: a mock of a class says that it is one.
    if issubclass(type(value), type | FunctionType):
        return False
    if _is_mock(value) or is_iterator(value) or type(value) is CoroutineType:
        return True
    torch = sys.modules.get("torch")
    if torch is not None and issubclass(type(value), torch.nn.Module):
        return False  # it is sent, since the answer asks it for its parameters too
    return callable(value) and _is_own(type(value))


def is_iterator(value: Any) -> bool:
    """Whether an object is one of the iterators that are lent."""
    return type(value) in ITERATORS


def is_property(value: Any) -> bool:
    """Whether an object that is lent stands for an attribute where a class has it: PropertyMock."""
    return {"__get__", "__set__"} <= {*dir(type(value))}


def use(value: Any, name: str, *args: Any, **keywords: Any) -> Any:
    """Do with an object what the answer asks for: get or set an attribute, or a special method.

    Raises:
        AttributeError: it may not.
    """
    if not is_lent(value):
        raise AttributeError(name)
    if name in OF_ATTRIBUTES:
        return OF_ATTRIBUTES[name](value, *args)
    if name == "__bool__":
        return bool(value)
    if type(value) is CoroutineType:
        if name == "__await__":
            return run(value)
        raise AttributeError(name)
    if is_iterator(value) and name == "__next__":
        return _items_of(value, *args)
    if name not in (MOCKED if _is_mock(value) else OF_LENT & _own_methods(value)):
        raise AttributeError(name)
    if name == "__aiter__":
        return run(_all_of(value))
    result = getattr(value, name)(*args, **keywords)
    # An iterator cannot travel, and one that stays here would be asked item by item.
    return [*islice(result, ITEMS)] if name == "__iter__" else result


async def _all_of(value: Any) -> list[Any]:
    """The items of an asynchronous iteration."""
    items: list[Any] = []
    async for each in value:
        items.append(each)
        if len(items) == ITEMS:
            break
    return items


def _items_of(iterator: Any, count: Any) -> tuple[list[Any], bool, Any]:
    """The next items of an iterator, at most so many; whether it has ended, and with what value.

    Raises:
        Malformed: that is no number.
    """
    if type(count) is not int or not 0 < count <= ITEMS:
        raise wire.Malformed("no number of items")
    items: list[Any] = []
    while len(items) < count:
        try:
            items.append(next(iterator))
        except StopIteration as end:
            return items, True, end.value
    return items, False, None


def _attribute(value: Any, name: Any) -> Any:
    if not _is_public(name):
        raise AttributeError(name)
    if not _is_mock(value):
        if name not in (OF_GENERATORS if type(value) is GeneratorType else _own_methods(value)):
            raise AttributeError(name)
    elif (wrapped := vars(value).get("_mock_wraps")) is not None and not _is_open(wrapped, name):
        raise AttributeError(name)
    return getattr(value, name)


def _set(value: Any, name: Any, new: Any) -> None:
    if not _is_mock(value) or not _is_public(name):
        raise AttributeError(name)
    setattr(value, name, new)


def _get(value: Any, owner: Any, kind: Any) -> Any:
    """The attribute that a property of the check's is, of an object of the answer's."""
    if not is_property(value):
        raise AttributeError("__get__")
    return type(value).__get__(value, owner, kind)


def _put(value: Any, owner: Any, new: Any) -> None:
    if not is_property(value):
        raise AttributeError("__set__")
    type(value).__set__(value, owner, new)


OF_ATTRIBUTES: dict[str, Any] = {
    "__getattr__": _attribute, "__setattr__": _set, "__get__": _get, "__set__": _put,
}  # fmt: skip


def _is_public(name: Any) -> bool:
    is_name = type(name) is str and not name.startswith(("_", "assert"))
    return is_name and name not in OWN_INTERFACE


def _is_mock(value: Any) -> bool:
    mock = sys.modules.get("unittest.mock")
    # Of its type: a mock with a specification says that it is of another class.
    kinds = type(value).__mro__
    return mock is not None and mock.NonCallableMock in kinds


def _is_own(kind: type) -> bool:
    """Whether a class is one that the test defines."""
    module = kind.__module__
    by_value = module in cloudpickle.list_registry_pickle_by_value() or module == "__main__"
    return by_value and not module.startswith("gradekit.")


def _own_methods(value: Any) -> set[str]:
    """The methods that the test's own classes define for an object."""
    own = [vars(kind) for kind in type(value).__mro__ if _is_own(kind)]
    return {name for each in own for name, part in each.items() if isinstance(part, FunctionType)}


def _is_open(wrapped: Any, name: str) -> bool:
    """Whether a name of what a mock wraps may be used through it."""
    if wrapped is datetime or wrapped is date:  # they make dates, and touch nothing
        return True
    if not _is_own(type(wrapped)):
        return False
    owner = next((kind for kind in type(wrapped).__mro__ if name in vars(kind)), None)
    return owner is None or _is_own(owner) or owner in IN_MEMORY
