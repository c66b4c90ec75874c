"""Lists, dicts and sets that stand in the answer's module, as a test shares them with it.

Natively both have one object: a test may fill a list that the answer reads, or look at one again
after a call. Here the test has a copy. What it changes in the copy is sent before the next
request, and after each request the copy is made like the answer's object again.
"""

from __future__ import annotations

import copy
import sys
from typing import Any, NamedTuple

import cloudpickle

from gradekit.grading.proxy import SubmissionProxy

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

CHANGEABLE = (list, dict, set)
PLAIN = (str, bytes, int, float, bool, complex, type(None))
ITEMS = 10_000  # of one variable, with all that is in it
KEPT = "variables_of_the_test"  # where the worker keeps the objects


class Shared(NamedTuple):
    """A variable's copy, as it was when both sides were last made equal."""

    number: int
    value: Any
    before: Any


class Variables:
    """The variables that a test has asked for; a part of its surroundings, see there."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._shared: dict[tuple[str, str], Shared] = {}

    def shared(self, module: str, name: str, value: Any) -> Any:
        """What a test gets for a variable: always the same copy of one object.

        Args:
            module: Of the answer, where it has several; else empty.
        """
        if type(value) not in CHANGEABLE or not is_plain(value, [ITEMS]):
            return value
        known = self._shared.get((module, name))
        if known and self._submission.probe(is_kept, module, name, known.number) is True:
            return known.value
        number = self._submission.probe(keep, module, name)
        if type(number) is int:
            self._shared[module, name] = Shared(number, value, copy.deepcopy(value))
        return value

    @property
    def is_changed(self) -> bool:
        return bool(self._shared)

    def connect(self) -> None:
        for place, each in self._shared.items():
            if each.value != each.before:
                self._submission.probe(change, each.number, each.value)
                self._shared[place] = each._replace(before=copy.deepcopy(each.value))

    def move_on(self) -> None:
        told = self._submission.probe(kept_now)
        # A worker may say anything: only data of the same kind is taken over.
        if not isinstance(told, list):
            return
        for place, each in self._shared.items():
            now = told[each.number] if each.number < len(told) else None
            if type(now) is type(each.value) and is_plain(now, [ITEMS]) and now != each.before:
                replace(each.value, now)
                self._shared[place] = each._replace(before=copy.deepcopy(now))

    def disconnect(self) -> None:
        if self._shared:
            self.connect()  # a test may have put back what it had changed
            self._submission.probe(forget)


def is_plain(value: Any, left: list[int]) -> bool:
    """Whether a value is data through and through, of at most so many items."""
    left[0] -= 1
    if left[0] < 0:
        return False
    if type(value) in PLAIN:
        return True
    if type(value) is dict:
        return all(is_plain(k, left) and is_plain(v, left) for k, v in value.items())
    return type(value) in (list, tuple, set, frozenset) and all(is_plain(v, left) for v in value)


def replace(value: Any, new: Any) -> None:
    """Runs on both sides: give a list, dict or set the content of another, in place."""
    value.clear()
    (value.extend if type(value) is list else value.update)(new)


# ------------------------------------------------------------------ what runs in the worker


def names_of(answer: Any, module: str) -> dict[str, Any]:
    """The names of the answer, or of one of its modules."""
    import importlib

    return vars(importlib.import_module(module)) if module else answer.namespace


def kept_objects() -> Any:
    """The objects that are kept, in the order in which they were asked for."""
    import builtins

    # Kept there, since this function arrives in a pickle each time.
    return vars(builtins).setdefault(KEPT, [])


def keep(answer: Any, module: str, name: str) -> int:
    """Keep the object that stands under a name; its number."""
    kept = kept_objects()
    kept.append(names_of(answer, module)[name])
    return len(kept) - 1


def is_kept(answer: Any, module: str, name: str, number: int) -> bool:
    """Whether the object of that number still stands under the name."""
    return names_of(answer, module).get(name) is kept_objects()[number]


def kept_now(answer: Any) -> list[Any]:
    """What they are now."""
    return [*kept_objects()]


def change(answer: Any, number: int, new: Any) -> None:
    """Take over what the test has changed."""
    replace(kept_objects()[number], new)


def forget(answer: Any) -> None:
    """As before."""
    import builtins

    vars(builtins).pop(KEPT, None)
