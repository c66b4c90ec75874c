"""The checks of a grader in one plain process, beside the answer: no isolation at all.

What other systems' notebooks run in throughput.py, so that everybody runs the same checks,
and the baseline for what isolation costs. Never for strangers' answers.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # where kit itself is not installed, as in others' environments

from gradekit.grading.check_state import CheckState  # noqa: E402
from gradekit.grading.proxy import Current, SubmissionProxy  # noqa: E402

SEED = 0


class Beside:
    """Stands in for a run: the proxy's requests call the functions of a namespace right here."""

    has_handles = False

    def __init__(self, namespace: dict[str, Any], check: str) -> None:
        self.state = CheckState(check)
        self._namespace = namespace

    def next_draw(self) -> tuple[int, str, int]:
        self.state.draws += 1
        return SEED, self.state.name, self.state.draws

    def probe(self, body: Any) -> Any:
        return self.request("probe", body, None)

    def request(self, kind: str, body: Any, what: object) -> Any:
        body = separate(body)
        try:
            if kind == "probe":
                function, arguments = body
                return function(SimpleNamespace(**self._namespace), *arguments)
            name, args, keywords, with_arguments = body
            value = self._namespace[name](*args, **keywords)
        except Exception as error:
            error.submission_text = str(error)  # type: ignore[attr-defined]
            raise
        return (value, args, keywords) if with_arguments else value

    def calls(self, bodies: list[Any], calls: list[Any]) -> Iterator[Any]:
        return (self.request("call", body, None) for body in bodies)

    def probes(self, bodies: list[Any]) -> Iterator[Any]:
        return (self.request("probe", body, None) for body in bodies)


def separate(value: Any) -> Any:
    """A copy in which no two parts share memory, as what travels between processes."""
    if isinstance(value, list | tuple):
        return type(value)(map(separate, value))
    if isinstance(value, dict):
        return {key: separate(part) for key, part in value.items()}
    return value if callable(value) else copy.deepcopy(value)


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
        checks_of(exercise)[name][0](SubmissionProxy(Current(Beside(namespace, name))))


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
