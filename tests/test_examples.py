"""The grading API: every function has an example in its docstring, and every example is true."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gradekit.grading
from gradekit.grading import live, training
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.run import Run
from gradekit.grading.terms import Terms
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import LIVE, PLAIN, Limits
from gradekit.submission import Submission

MODULES = sorted(path.stem for path in Path(gradekit.grading.__file__).parent.glob("*.py"))
# What `submission` is in the examples.
ANSWER = """
factor = 2


def double(x):
    return factor * x


def double_in_place(x):
    x *= 2
    return x
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["numpy"], Limits()) as warm:
        yield warm


@pytest.mark.parametrize("name", [name for name in MODULES if name != "plugin"])
def test_examples_of_the_grading_api_run(name: str, sandbox: Sandbox) -> None:
    """Each `>>>` in a docstring prints what stands below it."""
    path = "gradekit.grading" if name == "__init__" else f"gradekit.grading.{name}"
    terms = Terms(LIVE if name == "live" else PLAIN)
    run = Run(sandbox, "toy", Submission("toy.py", (ANSWER,), ""), terms=terms)
    run.begin_check("example")
    try:
        names = {"submission": SubmissionProxy(Current(run))}
        found = doctest.testmod(
            importlib.import_module(path), extraglobs=names, optionflags=doctest.ELLIPSIS
        )
    finally:
        run.close()
    assert not found.failed


def test_every_function_of_the_grading_api_has_an_example() -> None:
    """A grader's author sees in the editor how each is called."""
    documented: list[Any] = [getattr(gradekit.grading, name) for name in gradekit.grading.__all__]
    documented += [*_public(live), *_public(training), *_public(SubmissionProxy)]
    lacking = [each.__qualname__ for each in documented if ">>>" not in (each.__doc__ or "")]
    assert len(documented) > 40 and lacking == []


def _public(owner: ModuleType | type) -> list[Any]:
    """The public functions and classes that a module or class defines itself."""
    module = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    return [
        value
        for name, value in vars(owner).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module
    ]
