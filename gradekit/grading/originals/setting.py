"""What a test of pytest's runs in: its fixtures, made anew, and what is undone after it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import DEFAULT

from gradekit.grading.handle import is_handle
from gradekit.grading.originals.builtin_fixtures import BUILT_IN
from gradekit.grading.originals.items import (
    Fixture,
    Item,
    fixtures_of_class,
    needed,
    with_nearer,
)
from gradekit.grading.originals.world import World

if TYPE_CHECKING:
    import asyncio


class Setting:
    """What one item runs in: its fixtures, and what has to be undone after it."""

    def __init__(
        self, world: World, module: ModuleType, fixtures: dict[str, Fixture], item: Item
    ) -> None:
        self._world, self._module, self._item = world, module, item
        self._fixtures = with_nearer(fixtures, fixtures_of_class(item.owner) if item.owner else {})
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
        for fixture in needed(function, self._item.marks, self._fixtures):
            self.value(fixture.name)
        wanted = inspect.signature(function).parameters
        names = [name for name in wanted if not (self._instance is not None and name == "self")]
        names = names[_from_patches(function) :]
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
        plain, params = item.function.__name__, {**item.values, **item.indirect}
        more = {"callspec": SimpleNamespace(params=params, id=item.label)} if item.label else {}
        about = SimpleNamespace(
            node=SimpleNamespace(
                name=f"{plain}[{item.label}]" if item.label else plain,
                originalname=plain,
                nodeid=item.address,
                cls=item.owner,
                module=self._module,
                function=item.function,
                fixturenames=[
                    each.name for each in needed(item.function, item.marks, self._fixtures)
                ],
                keywords={mark.name: mark for mark in item.marks},
                **more,
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


def _from_patches(function: Callable[..., Any]) -> int:
    """How many arguments the decorators `mock.patch` give a test: its first ones, as for pytest."""
    return sum(
        not each.attribute_name and each.new is DEFAULT
        for each in getattr(function, "patchings", ())
    )


def _with_as_many(function: Callable[..., Any], told: tuple[Any, ...]) -> Callable[[], Any]:
    """`function`, called with as many arguments as it has parameters."""
    count = len(inspect.signature(function).parameters)
    # pytest's `setup_method(self)` and `setup_method(self, method)` are both allowed.
    return lambda: function(*told[:count])
