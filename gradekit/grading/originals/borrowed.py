"""Stand-ins for modules that tests of courses import: like real ones, or seldom installed.

`nose.tools` is in the oldest courses of nbgrader's; Gradescope's decorators say points of a test.
"""

from __future__ import annotations

import functools
import re
import unittest
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

from gradekit.grading.checks import PartialCredit

GRADESCOPE = "gradescope_utils.autograder_utils"
VISIBLE = "visible"


def borrowed() -> Mapping[str, ModuleType]:
    """The modules by their names."""
    decorators = _module("decorators", _DECORATORS)
    runner = _module("json_test_runner", {"JSONTestRunner": unittest.TextTestRunner})
    return {
        "nose.tools": _module("tools", _nose()),
        f"{GRADESCOPE}.decorators": decorators,
        f"{GRADESCOPE}.json_test_runner": runner,
    }


def _module(name: str, contents: Mapping[str, Any]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(contents)
    return module


def like(real: ModuleType, own: Mapping[str, Any]) -> ModuleType:
    """A module with all that another one has, and in it some things of one's own.

    For one test alone: the real module belongs to all threads of this process.
    """
    return _module(real.__name__, {**vars(real), **own})


@functools.cache
def _nose() -> Mapping[str, Any]:
    """unittest's assertions as functions, under the names that they have in nose."""
    # nose made its functions in this way too: one test case that never runs, its methods renamed.
    case = unittest.TestCase()
    found: dict[str, Any] = {"eq_": case.assertEqual, "ok_": case.assertTrue, "raises": _raises}
    for name in dir(case):
        if name.startswith("assert"):
            snake = re.sub(r"([A-Z])", r"_\1", name).lower()
            found[snake] = getattr(case, name)
    found["assert_raises_regexp"] = case.assertRaisesRegex
    found["assert_items_equal"] = case.assertCountEqual
    return found


def _raises(*errors: type[BaseException]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def test(*args: Any, **keywords: Any) -> None:
            unittest.TestCase().assertRaises(errors, function, *args, **keywords)

        return test

    return decorate


def _noting(attribute: str) -> Callable[[Any], Callable[[Any], Any]]:
    """A decorator with one argument, which it notes at the function."""

    def told(value: Any = None) -> Callable[[Any], Any]:
        def decorate(function: Any) -> Any:
            setattr(function, attribute, value)
            return function

        return decorate

    return told


def _partial_credit(points: float) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def test(self: Any) -> None:
            given: list[float] = []
            function(self, set_score=given.append)
            # Not `given[-1] < points`, which is false for NaN: a NaN would earn all of them.
            if given and not given[-1] >= points:
                raise PartialCredit(float(given[-1]))

        vars(test)["__weight__"] = points
        return test

    return decorate


_DECORATORS = {
    "weight": _noting("__weight__"),
    "visibility": _noting("__visibility__"),
    "number": _noting("__number__"),
    "hide_errors": _noting("__hide_errors__"),
    "tags": lambda *tags: _noting("__tags__")(tags),
    "leaderboard": lambda *told: _noting("__leaderboard__")(told),
    "partial_credit": _partial_credit,
}


def noted(function: Any) -> SimpleNamespace:
    """What Gradescope's decorators note at a test: points, or None, and whether it is hidden."""
    weight = getattr(function, "__weight__", None)
    hidden = getattr(function, "__visibility__", VISIBLE) != VISIBLE
    points = float(weight) if isinstance(weight, int | float) else None
    return SimpleNamespace(points=points, hidden=hidden)
