"""Tests as pytest finds them: an item for each set of parameters, with the fixtures it asks for."""

from __future__ import annotations

import inspect
import itertools
import unittest
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import pytest


class Fixture(NamedTuple):
    """A fixture, with the settings of its decorator."""

    function: Callable[..., Any]
    name: str
    params: tuple[Any, ...]
    ids: Any
    autouse: bool
    on_class: bool = False
    outer: Any = None  # the fixture of this name that it replaces

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.function(*args, **keywords)


class Item(NamedTuple):
    """One test function with one set of parameters."""

    address: str
    function: Callable[..., Any]
    owner: type | None
    values: dict[str, Any]  # of parameters
    indirect: dict[str, Any]  # of fixtures that are parametrized
    marks: list[pytest.Mark]
    label: str


def fixtures_in(namespace: Mapping[str, Any], on_class: bool = False) -> dict[str, Fixture]:
    """The fixtures that a module or class defines, by their names."""
    found = [value for value in list(namespace.values()) if isinstance(value, Fixture)]
    return {each.name: each._replace(on_class=on_class) for each in found}


def with_nearer(fixtures: dict[str, Fixture], nearer: dict[str, Fixture]) -> dict[str, Fixture]:
    """The fixtures of nearer places instead of others; one may ask for what it replaces."""
    outer = {name: each._replace(outer=fixtures.get(name)) for name, each in nearer.items()}
    return {**fixtures, **outer}


def items_of(module: ModuleType, fixtures: dict[str, Fixture]) -> Iterator[Item]:
    """The tests of a module in order, each set of parameters one."""
    of_module = _marks(module)
    for name, value in list(vars(module).items()):
        if inspect.isfunction(value) and name.startswith("test"):
            yield from _with_parameters(name, value, None, _marks(value) + of_module, fixtures)
        elif _is_test_class(name, value, module):
            yield from _items_of_class(name, value, of_module, fixtures, module)


def _items_of_class(
    place: str,
    owner: type,
    around: list[pytest.Mark],
    fixtures: dict[str, Fixture],
    module: ModuleType,
) -> Iterator[Item]:
    """The tests of a class, and of the classes in it."""
    fixtures = with_nearer(fixtures, fixtures_of_class(owner))
    marks = _marks(owner) + around
    for name, value in inspect.getmembers(owner):
        if inspect.isfunction(value) and name.startswith("test"):
            own = _marks(value) + marks
            yield from _with_parameters(f"{place}::{name}", value, owner, own, fixtures)
        elif _is_test_class(name, value, module):
            yield from _items_of_class(f"{place}::{name}", value, marks, fixtures, module)


def _is_test_class(name: str, value: Any, module: ModuleType) -> bool:
    return (
        isinstance(value, type)
        and name.startswith("Test")
        and value.__module__ == module.__name__
        and not issubclass(value, unittest.TestCase)
    )


def fixtures_of_class(owner: type) -> dict[str, Fixture]:
    """Those of a class and its bases."""
    found: dict[str, Fixture] = {}
    # From the base classes on, so that a class replaces what it inherits.
    for base in reversed(owner.__mro__):
        found |= fixtures_in(vars(base), on_class=True)
    return found


def _marks(marked: Any) -> list[pytest.Mark]:
    """The marks of a function, class or module, the nearest first."""
    own = getattr(marked, "pytestmark", [])
    each = own if isinstance(own, list) else [own]
    marks: list[Any] = [getattr(mark, "mark", mark) for mark in each]
    return marks


def _with_parameters(
    address: str,
    function: Callable[..., Any],
    owner: type | None,
    marks: list[pytest.Mark],
    fixtures: dict[str, Fixture],
) -> Iterator[Item]:
    """An item for each combination of what marks and fixtures name as parameters."""
    # Marks come with the nearest first, and pytest varies the
    # nearest one slowest: the order of `product`.
    axes = [_axis_of_mark(mark) for mark in marks if mark.name == "parametrize"]
    named = {name for axis in axes for values in axis for name in values.values}
    for fixture in needed(function, marks, fixtures):
        # A fixture with parameters multiplies the tests that ask for it, unless a mark sets them.
        if fixture.params and fixture.name not in named:
            axes.append(_axis([fixture.name], fixture.params, fixture.ids, {fixture.name}))
    combinations = list(itertools.product(*axes))
    for number, parts in enumerate(combinations):
        values: dict[str, Any] = {}
        indirect: dict[str, Any] = {}
        for part in parts:
            for name, value in part.values.items():
                (indirect if name in part.indirect else values)[name] = value
        more = [mark for part in parts for mark in part.marks]
        # By number and not by label: labels may be equal, and are shortened.
        place = f"{address}#{number}" if axes else address
        label = ", ".join(part.label for part in parts)
        yield Item(place, function, owner, values, indirect, more + marks, label)


class _Values(NamedTuple):
    """One set of values for the names of one parametrization."""

    values: dict[str, Any]
    indirect: set[str]
    marks: list[pytest.Mark]
    label: str


def _axis_of_mark(mark: pytest.Mark) -> list[_Values]:
    told = dict(zip(("argnames", "argvalues", "indirect", "ids"), mark.args, strict=False))
    told |= mark.kwargs
    names = told["argnames"]
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",") if name.strip()]
    through = told.get("indirect", False)
    indirect = set(names) if through is True else set(through or ())
    return _axis(names, told["argvalues"], told.get("ids"), indirect)


def _axis(names: list[str], cases: Any, ids: Any, indirect: set[str]) -> list[_Values]:
    """A set of values for each case, of parameters or of one fixture."""
    axis = []
    for number, case in enumerate(cases):
        marks = list(getattr(case, "marks", ()))
        label = getattr(case, "id", None)
        # `pytest.param(...)` has both; a DataFrame, which has `values`, has no marks.
        values = case.values if hasattr(case, "marks") and hasattr(case, "values") else case
        values = tuple(values) if len(names) > 1 or values is not case else (values,)
        if not isinstance(label, str):
            label = _given_id(ids, number, values)
        axis.append(
            _Values(
                dict(zip(names, values, strict=True)),
                indirect,
                [getattr(each, "mark", each) for each in marks],
                label,
            )
        )
    return axis


def _given_id(ids: Any, number: int, values: tuple[Any, ...]) -> str:
    """What the author calls a case, else its values."""
    if callable(ids):
        named = [ids(value) for value in values]
        return "-".join(
            _label(v) if n is None else str(n) for n, v in zip(named, values, strict=True)
        )
    if ids is not None and (given := list(ids)[number]) is not None:
        return str(given)
    return "-".join(map(_label, values))


def _label(value: Any) -> str:
    plain = (bool, int, float, str, list, tuple, dict, set, type(None))
    named = getattr(value, "__name__", type(value).__name__)
    text = str(value) if isinstance(value, plain) else named
    return " ".join(text.split())[:40]


def needed(
    function: Callable[..., Any], marks: list[pytest.Mark], fixtures: dict[str, Fixture]
) -> list[Fixture]:
    """The fixtures that a test asks for, by its parameters and marks, and those they ask for."""
    # pytest's order: autouse fixtures first, then those of marks, then those of parameters.
    waiting = [fixture.name for fixture in fixtures.values() if fixture.autouse]
    waiting += [name for mark in marks if mark.name == "usefixtures" for name in mark.args]
    waiting += inspect.signature(function).parameters
    found: dict[str, Fixture] = {}
    while waiting:
        name = waiting.pop(0)
        if name in fixtures and name not in found:
            found[name] = fixtures[name]
            waiting += inspect.signature(fixtures[name].function).parameters
    return list(found.values())
