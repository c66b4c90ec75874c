"""pytest: functions and classes with fixtures and parameters, one test a set of parameters.

A pytest inside the pytest that runs the graders would share its state with it. So fixtures are
made here: those of the file and of conftest.py, all made anew for every check whatever their
scope, since no check may depend on another, and the built-in ones that graders of answers need.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import os
import platform
import sys
import unittest
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from gradekit.grading.handle import is_handle
from gradekit.grading.originals.builtin_fixtures import BUILT_IN
from gradekit.grading.originals.original import Original, Test, title_of
from gradekit.grading.originals.unittests import (
    EXPECTED,
    SKIPPED,
    cases_of,
    run_method,
    test_of_method,
)
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy

if TYPE_CHECKING:
    import asyncio


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


class PytestFile(Original):
    """A file of test functions."""

    def views(self) -> Mapping[str, ModuleType]:
        # Only `fixture` has to be replaced: pytest's own returns an object that may not be called
        # by anybody but pytest.
        return {"pytest": _View()}

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        with self.world(submission) as world:
            module, fixtures = self._load(world)
            for item in items_of(module, fixtures):
                doc = item.function.__doc__
                title = title_of(doc, item.function.__name__)
                label = f"{title.rstrip('.')}: {item.label}." if item.label else title
                fails = expected_failure(item) is not None
                yield Test(
                    item.address,
                    label,
                    points=0.0 if fails else _points(item.marks),
                    obstacle=_obstacle(item),
                    note=EXPECTED if fails else "",
                )
            for name, case in cases_of(module):
                for method in unittest.defaultTestLoader.getTestCaseNames(case):
                    yield test_of_method(f"{name}::{method}", case, method)

    def run_in(self, world: World, address: str) -> None:
        module, fixtures = self._load(world)
        owner, _, method = address.partition("::")
        case = getattr(module, owner, None)
        if isinstance(case, type) and issubclass(case, unittest.TestCase):
            run_method(case, method)
            return
        item = next(item for item in items_of(module, fixtures) if item.address == address)
        try:
            with Setting(world, module, fixtures, item) as setting, failing_as_expected(item):
                setting.run()
        except pytest.skip.Exception as skipped:
            raise AssertionError(f"it was skipped: {skipped}") from None
        except pytest.xfail.Exception as failed:
            raise AssertionError(f"it is expected to fail: {failed}") from None

    def _load(self, world: World) -> tuple[ModuleType, dict[str, Fixture]]:
        """The module, and the fixtures that there are for its tests."""
        fixtures: dict[str, Fixture] = {}
        # From the outermost folder inwards, as pytest does: the nearest conftest.py wins.
        inside = [each for each in self.path.parents if self.folder in (each, *each.parents)]
        for place in reversed(inside):
            path = place / "conftest.py"
            if path.is_file():
                made = world.load(path, world.place.name_of(path))
                fixtures = _with(fixtures, _fixtures_in(vars(made)))
        module = world.load(self.path, world.place.name_of(self.path))
        return module, _with(fixtures, _fixtures_in(vars(module)))


def _with(fixtures: dict[str, Fixture], nearer: dict[str, Fixture]) -> dict[str, Fixture]:
    """The fixtures of nearer places instead of others; one may ask for what it replaces."""
    outer = {name: each._replace(outer=fixtures.get(name)) for name, each in nearer.items()}
    return {**fixtures, **outer}


class _View(ModuleType):
    """pytest as the tests see it: its `fixture` makes a `Fixture` of ours, the rest is pytest's."""

    def __init__(self) -> None:
        super().__init__("pytest")
        self.__dict__["fixture"] = _fixture
        # pytest's own may refuse marks that the settings of whoever grades do not list.
        self.__dict__["mark"] = pytest.MarkGenerator(_ispytest=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(pytest, name)


def _fixture(function: Any = None, **told: Any) -> Any:
    def decorate(made: Callable[..., Any]) -> Fixture:
        params = tuple(told.get("params") or ())
        name = told.get("name") or made.__name__
        return Fixture(made, name, params, told.get("ids"), bool(told.get("autouse")))

    return decorate if function is None else decorate(function)


def _fixtures_in(namespace: Mapping[str, Any], on_class: bool = False) -> dict[str, Fixture]:
    found = [value for value in list(namespace.values()) if isinstance(value, Fixture)]
    return {each.name: each._replace(on_class=on_class) for each in found}


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
    fixtures = _with(fixtures, _fixtures_of_class(owner))
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


def _fixtures_of_class(owner: type) -> dict[str, Fixture]:
    found: dict[str, Fixture] = {}
    # From the base classes on, so that a class replaces what it inherits.
    for base in reversed(owner.__mro__):
        found |= _fixtures_in(vars(base), on_class=True)
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
    for fixture in _needed(function, marks, fixtures):
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


def _needed(
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


def _obstacle(item: Item) -> str:
    """What keeps a test from being a check."""
    for mark in item.marks:
        if mark.name == "skip" or (mark.name == "skipif" and _holds(mark, item)):
            return SKIPPED
    return ""


def _holds(mark: pytest.Mark, item: Item) -> bool:
    """Whether any condition of a mark is true; a text is evaluated as pytest does."""
    # The text is the test's own, which the course has written: it runs here like all of the test.
    conditions = [*mark.args, *([mark.kwargs["condition"]] if "condition" in mark.kwargs else [])]
    known = {"os": os, "sys": sys, "platform": platform, **item.function.__globals__}
    return any(
        eval(condition, known) if isinstance(condition, str) else condition
        for condition in conditions
    )


POINTS = ("points", "point", "weight", "score", "max_score")  # marks that courses give points by


def _points(marks: list[pytest.Mark]) -> float | None:
    """The points that a mark gives, the nearest one first."""
    for mark in marks:
        if mark.name in POINTS:
            for value in (*mark.args, *mark.kwargs.values()):
                if isinstance(value, int | float):
                    return float(value)
    return None


def expected_failure(item: Item) -> pytest.Mark | None:
    """The mark by which a test is expected to fail, if it is here."""
    for mark in item.marks:
        is_unconditional = not mark.args and "condition" not in mark.kwargs
        if mark.name == "xfail" and (is_unconditional or _holds(mark, item)):
            return mark
    return None


@contextlib.contextmanager
def failing_as_expected(item: Item) -> Iterator[None]:
    """Let a test fail that is expected to; where it is strict, it has to."""
    mark = expected_failure(item)
    try:
        yield
    # What `pytest.fail` raises, and `pytest.raises` where nothing was raised, is no Exception.
    except (Exception, pytest.fail.Exception) as error:
        expected = mark.kwargs.get("raises") if mark is not None else ()
        if not isinstance(error, BaseException if expected is None else expected):
            raise
    else:
        if mark is not None and mark.kwargs.get("strict"):
            raise AssertionError("it passes, and is expected to fail")


class Setting:
    """What one item runs in: its fixtures, and what has to be undone after it."""

    def __init__(
        self, world: World, module: ModuleType, fixtures: dict[str, Fixture], item: Item
    ) -> None:
        self._world, self._module, self._item = world, module, item
        self._fixtures = _with(fixtures, _fixtures_of_class(item.owner) if item.owner else {})
        self._made: dict[str, Any] = {}
        self._undo = contextlib.ExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None  # of coroutines among them
        self._instance = item.owner() if item.owner else None

    def __enter__(self) -> Setting:
        return self

    def __exit__(self, *details: Any) -> None:
        self._undo.__exit__(*details)

    def run(self) -> None:
        """Set up, call the test, and tear down at the end."""
        function = self._item.function
        self._set_up()
        for fixture in _needed(function, self._item.marks, self._fixtures):
            self.value(fixture.name)
        wanted = inspect.signature(function).parameters
        names = [name for name in wanted if not (self._instance is not None and name == "self")]
        given = {name: self.value(name) for name in names if self._is_known(name)}
        bound = function if self._instance is None else function.__get__(self._instance)
        self._finished(bound(**given))

    def _is_known(self, name: str) -> bool:
        known = name in self._item.values or name in self._fixtures or name in BUILT_IN
        if (
            not known
            and inspect.signature(self._item.function).parameters[name].default
            is inspect.Parameter.empty
        ):
            raise LookupError(f"there is no fixture `{name}` here")
        return known

    def value(self, name: str) -> Any:
        """The value of a parameter or a fixture, made once."""
        if name in self._item.values:
            return self._item.values[name]
        if name not in self._made:
            if name in self._fixtures:
                self._made[name] = self._make(self._fixtures[name])
            elif name in BUILT_IN:
                self._made[name] = BUILT_IN[name](self)
            else:
                raise LookupError(f"there is no fixture `{name}` here")
        return self._made[name]

    def undo(self, function: Callable[[], object]) -> None:
        """Have something called at the end."""
        self._undo.callback(function)

    def enter(self, manager: contextlib.AbstractContextManager[Any]) -> Any:
        """Enter something until the end."""
        return self._undo.enter_context(manager)

    def request(self, name: str) -> Any:
        """What a fixture gets as `request`."""
        item = self._item
        about = SimpleNamespace(
            node=SimpleNamespace(
                name=item.function.__name__,
                nodeid=item.address,
                get_closest_marker=self._closest_mark,
                iter_markers=lambda name=None: (m for m in item.marks if name in (None, m.name)),
            ),
            config=SimpleNamespace(getoption=lambda name, default=None, skip=False: default),
            keywords={mark.name: mark for mark in item.marks},
            path=self._world.place.folder,
            function=item.function,
            cls=item.owner,
            instance=self._instance,
            module=self._module,
            fixturename=name,
            getfixturevalue=self.value,
            addfinalizer=self.undo,
            scope="function",
        )
        if name in item.indirect:
            about.param = item.indirect[name]
        return about

    def _closest_mark(self, name: str, default: Any = None) -> Any:
        return next((mark for mark in self._item.marks if mark.name == name), default)

    def _make(self, fixture: Fixture) -> Any:
        given = {}
        for name, parameter in inspect.signature(fixture.function).parameters.items():
            if name == "self":
                continue
            if name == "request":
                given[name] = self.request(fixture.name)
            elif parameter.default is inspect.Parameter.empty:
                given[name] = self._before(name, fixture)
        function = fixture.function
        if fixture.on_class:
            function = function.__get__(self._instance)
        value = function(**given)
        if inspect.isasyncgen(value):
            made = self._finished(anext(value))
            self.undo(lambda: self._finished(anext(value, None)))
            return made
        if not inspect.isgenerator(value):
            return self._finished(value)
        made = next(value)
        # Last made, first undone: an ExitStack goes backwards, as pytest does.
        self.undo(lambda: next(value, None))
        return made

    def _finished(self, value: Any) -> Any:
        """The value, or the result of a coroutine, as a plugin of pytest would run it."""
        if not inspect.isawaitable(value) or is_handle(value):
            return value
        if self._loop is None:
            import asyncio  # here: with ssl it takes as long as all else that such a course imports

            self._loop = asyncio.new_event_loop()
            self.undo(self._loop.close)

        # `run_until_complete` takes coroutines and futures
        # only; other objects can be awaited as well.
        async def awaited() -> Any:
            return await value

        return self._loop.run_until_complete(awaited())

    def _before(self, name: str, fixture: Fixture) -> Any:
        """What a fixture asks for; one that asks for its own name means the one it replaces."""
        if name != fixture.name:
            return self.value(name)
        return self._make(fixture.outer) if fixture.outer else BUILT_IN[name](self)

    def _set_up(self) -> None:
        """The functions that pytest calls by their names, and those that undo them."""
        places = [
            (self._module, "module", (self._module,)),
            (self._item.owner, "class", ()),
            (self._instance, "method", (self._item.function,)),
        ]
        if self._instance is None:
            places.append((self._module, "function", (self._item.function,)))
        for holder, kind, told in places:
            for name, when in ((f"setup_{kind}", True), (f"teardown_{kind}", False)):
                function = getattr(holder, name, None)
                if function is None:
                    continue
                call = _with_as_many(function, told)
                if when:
                    call()
                else:
                    self.undo(call)


def _with_as_many(function: Callable[..., Any], told: tuple[Any, ...]) -> Callable[[], Any]:
    """`function`, called with as many arguments as it has parameters."""
    count = len(inspect.signature(function).parameters)
    # pytest's `setup_method(self)` and `setup_method(self, method)` are both allowed.
    return lambda: function(*told[:count])
