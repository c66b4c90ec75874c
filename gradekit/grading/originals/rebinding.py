"""Names that a test binds in the answer, and that a function of the answer binds again.

As with `global calls; calls += 1`, where a test sets `calls = 0` before. In a kernel both have one
namespace: from then on the name stands for what the answer has made of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import cloudpickle

from gradekit.grading.proxy import SubmissionProxy, run_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

KEPT = "names_that_the_test_bound"  # where the worker keeps what they stood for


class Rebinding:
    """Such names; a part of the surroundings of a test, see there."""

    def __init__(self, submission: SubmissionProxy, let_go: Callable[[str], None]) -> None:
        """`let_go` is told each name that the answer has bound again."""
        self._submission, self._let_go = submission, let_go
        self._watched: set[str] = set()
        self._has_kept = False

    def watch(self, name: str) -> None:
        """The test has bound a name in the answer."""
        declared = re.compile(rf"\bglobal\b[^\n#]*\b{re.escape(name)}\b")
        if any(map(declared.search, run_of(self._submission).submission.cells)):
            self._submission.probe(keep, name)
            self._has_kept = True
            self._watched.add(name)

    @property
    def is_changed(self) -> bool:
        return bool(self._watched)

    def connect(self) -> None:
        """The test's own bindings have been made in the answer already."""

    def move_on(self) -> None:
        told = self._submission.probe(bound_again)
        names = told if isinstance(told, list) else []  # a worker may say anything
        for name in self._watched & {each for each in names if type(each) is str}:
            self._watched.discard(name)
            self._let_go(name)

    def disconnect(self) -> None:
        if self._has_kept:
            self._submission.probe(forget)


# ------------------------------------------------------------------ what runs in the worker


def kept() -> dict[str, Any]:
    """What the names stood for when the test bound them."""
    import builtins

    # Kept there, since this function arrives in a pickle each time.
    found: dict[str, Any] = vars(builtins).setdefault(KEPT, {})
    return found


def keep(answer: Any, name: str) -> None:
    """Note what a name stands for."""
    kept()[name] = answer.namespace.get(name)


def bound_again(answer: Any) -> list[str]:
    """The names that stand for something else by now."""
    return [name for name, value in kept().items() if answer.namespace.get(name) is not value]


def forget(answer: Any) -> None:
    """As before."""
    import builtins

    vars(builtins).pop(KEPT, None)
