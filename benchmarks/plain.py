"""The checks of a grader in one plain process, beside the answer: no isolation at all.

What other systems' notebooks run in throughput.py, so that everybody runs the same checks,
and the baseline for what isolation costs. Never for strangers' answers.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Beside:
    """Stands in for `submission`: calls the functions of a namespace in this process."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.call(name, *args, **kwargs).value

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> SimpleNamespace:
        args, kwargs = copy.deepcopy((args, kwargs))
        value = self._namespace[name](*args, **kwargs)
        return SimpleNamespace(value=value, args=args, kwargs=kwargs)

    def each(self, name: str, cases: Iterable[Any], /, **kwargs: Any) -> Iterator[Any]:
        return ((case, called.value) for case, called in self.each_called(name, cases, **kwargs))

    def each_called(self, name: str, cases: Iterable[Any], /, **kwargs: Any) -> Iterator[Any]:
        return ((case, self.call(name, *case, **kwargs)) for case in cases)

    def probe(self, function: Callable[..., Any], /, *args: Any) -> Any:
        return function(SimpleNamespace(**self._namespace), *copy.deepcopy(args))


@cache
def checks_of(exercise: str) -> dict[str, tuple[Callable[[Any], None], float]]:
    """The checks of an exercise by name, with their points."""
    path = ROOT / "graders" / f"{exercise}.py"
    spec = importlib.util.spec_from_file_location(f"grader_of_{exercise}", path)
    assert spec is not None and spec.loader is not None
    grader = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = grader
    spec.loader.exec_module(grader)
    found = {}
    for name, function in vars(grader).items():
        for mark in getattr(function, "pytestmark", []):
            if mark.name == "check":
                found[name] = function, float(mark.kwargs["points"])
    return found


def run_check(exercise: str, name: str, namespace: dict[str, Any]) -> None:
    """Run one check; it raises where the answer is wrong.

    Quietly: nbgrader takes points off for a warning on stderr, which no check is about.
    """
    with warnings.catch_warnings(action="ignore"):
        checks_of(exercise)[name][0](Beside(namespace))


def score(exercise: str, source: str) -> float:
    """The points of an answer."""
    namespace: dict[str, Any] = {"__name__": "answer"}
    exec(compile(source, "answer", "exec"), namespace)
    total = 0.0
    for name, (_, points) in checks_of(exercise).items():
        try:
            run_check(exercise, name, namespace)
            total += points
        except Exception:
            continue
    return total
