"""Lists, dicts, sets and tables of the answer's module, as a test shares them with it.

Natively both have one object: a test may fill a list that the answer reads, or look at one again
after a call. Here the test has a copy. What it changes in the copy is sent before the next
request, and what the answer changes in its object is changed in the copy after each.
"""

from __future__ import annotations

import copy
import sys
from typing import Any, NamedTuple

import cloudpickle

from gradekit.grading.proxy import SubmissionProxy
from gradekit.sandbox.frames import MUTABLE as FRAMES
from gradekit.sandbox.frames import is_frame
from gradekit.sandbox.snapshots import is_same_frame

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

CHANGEABLE = (list, dict, set)
PLAIN = (str, bytes, int, float, bool, complex, type(None))
ITEMS = 10_000  # of one variable, with all that is in it
ENTRIES = 100_000  # of a table
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
        if not is_shared(value):
            return value
        known = self._shared.get((module, name))
        if known and self._submission.probe(is_kept, module, name, known.number) is True:
            return known.value
        number = self._submission.probe(keep, module, name)
        if type(number) is int:
            self._shared[module, name] = Shared(number, value, copied(value))
        return value

    @property
    def is_changed(self) -> bool:
        return bool(self._shared)

    def connect(self) -> None:
        for place, each in self._shared.items():
            if not is_same(each.value, each.before):
                self._submission.probe(change, each.number, each.value)
                self._shared[place] = each._replace(before=copied(each.value))

    def move_on(self) -> None:
        told = self._submission.probe(changed_now)
        # A worker may say anything: only data of the same kind is taken over.
        if not isinstance(told, dict):
            return
        for place, each in self._shared.items():
            now = told.get(each.number)
            if type(now) is type(each.value) and is_shared(now) and not is_same(now, each.before):
                replace(each.value, now)
                self._shared[place] = each._replace(before=copied(now))

    def disconnect(self) -> None:
        if self._shared:
            self.connect()  # a test may have put back what it had changed
            self._submission.probe(forget)


def is_shared(value: Any) -> bool:
    """Whether both sides have a variable as one object."""
    if is_frame(value, FRAMES):
        columns = [value.iloc[:, n] for n in range(value.shape[1])] if value.ndim > 1 else [value]
        entries = [each.tolist() for each in columns if each.dtype == object]
        return bool(value.size <= ENTRIES) and is_plain(entries, [ENTRIES])
    return type(value) in CHANGEABLE and is_plain(value, [ITEMS])


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


def is_same(value: Any, before: Any) -> bool:
    """Runs on both sides: whether one of these objects is as another one."""
    if type(value) is type(before) and is_frame(value, FRAMES):
        return is_same_frame(value, before)
    return bool(value == before)


def copied(value: Any) -> Any:
    """Runs on both sides: a copy with all that is in it."""
    return value.copy() if is_frame(value, FRAMES) else copy.deepcopy(value)


def replace(value: Any, new: Any) -> None:
    """Runs on both sides: give a list, dict, set or table the content of another, in place."""
    if is_frame(value, FRAMES):
        value.__init__(new)
        return
    value.clear()
    (value.extend if type(value) is list else value.update)(new)


# ------------------------------------------------------------------ what runs in the worker


def names_of(answer: Any, module: str) -> dict[str, Any]:
    """The names of the answer, or of one of its modules."""
    import importlib

    return vars(importlib.import_module(module)) if module else answer.namespace


def kept_objects() -> Any:
    """The objects that are kept, in the order in which they were asked for.

    Each with a copy of what the test knows of it.
    """
    import builtins

    # Kept there, since this function arrives in a pickle each time.
    return vars(builtins).setdefault(KEPT, [])


def keep(answer: Any, module: str, name: str) -> int:
    """Keep the object that stands under a name; its number."""
    kept, value = kept_objects(), names_of(answer, module)[name]
    kept.append([value, copied(value)])
    return len(kept) - 1


def is_kept(answer: Any, module: str, name: str, number: int) -> bool:
    """Whether the object of that number still stands under the name."""
    return names_of(answer, module).get(name) is kept_objects()[number][0]


def changed_now(answer: Any) -> dict[int, Any]:
    """Those that have changed since the test was told of them, by their numbers."""
    found = {}
    for number, (value, before) in enumerate(kept_objects()):
        if not is_same(value, before):
            found[number] = value
            kept_objects()[number][1] = copied(value)
    return found


def change(answer: Any, number: int, new: Any) -> None:
    """Take over what the test has changed."""
    replace(kept_objects()[number][0], new)
    kept_objects()[number][1] = copied(new)


def forget(answer: Any) -> None:
    """As before."""
    import builtins

    vars(builtins).pop(KEPT, None)
