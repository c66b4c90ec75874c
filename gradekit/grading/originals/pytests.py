"""pytest: functions and classes with fixtures and parameters, one test a set of parameters.

A pytest inside the pytest that runs the graders would share its state with it. So fixtures are
made here (see setting.py): those of the file and of conftest.py, all made anew for every check
whatever their scope, since no check may depend on another, and the built-in ones that graders of
answers need.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import unittest
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from gradekit.grading.originals.items import Fixture, Item, fixtures_in, items_of, with_nearer
from gradekit.grading.originals.original import Original, Test, title_of
from gradekit.grading.originals.setting import Setting
from gradekit.grading.originals.unittests import (
    EXPECTED,
    SKIPPED,
    cases_of,
    run_test,
    test_of_method,
)
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy


class PytestFile(Original):
    """A file of test functions."""

    shares_names = False

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
            run_test(case(method))
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
                fixtures = with_nearer(fixtures, fixtures_in(vars(made)))
        module = world.load(self.path, world.place.name_of(self.path))
        return module, with_nearer(fixtures, fixtures_in(vars(module)))


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
