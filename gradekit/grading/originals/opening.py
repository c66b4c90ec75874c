"""An `open` that a test replaced, as by `mock_open`: the answer calls it, and gets what it gives.

The file stays with the test, so that a mock notes what the answer reads and writes; in the answer's
process stands an object that has its methods called here. Nothing else of the file is reached, and
what the test put in place of `open` can open no real file meanwhile: it may well fall back on the
real one for a path that it does not know, and the answer chooses the path.
"""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cloudpickle

from gradekit.grading.live import module_of
from gradekit.grading.originals.sharing import set_builtin
from gradekit.grading.proxy import SubmissionProxy
from gradekit.sandbox import wire

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file

HANDED = "opening_of_the_test"  # the name under which a function is handed over
METHODS = frozenset(
    "read readline readlines write writelines close flush seek tell truncate readable writable "
    "__enter__ __exit__ __iter__ __next__".split()
)
PLAIN = (str, bytes, int, type(None))
FILES = 1000  # of one test


class Opened:
    """The files that a replaced `open` has given to the answer."""

    def __init__(self, opening: Any) -> None:
        self._opening = opening
        self._files: list[Any] = []

    def call(self, method: str, number: int, args: list[Any], keywords: dict[str, Any]) -> Any:
        """What the answer's process asks for: a new file, or a method of one.

        Raises:
            Malformed: it is none of that.
        """
        with no_real_files():
            if method == "open":
                return self._number(self._opening(*args, **keywords))
            if method not in METHODS or not 0 <= number < len(self._files):
                raise wire.Malformed("no method of a file")
            file = self._files[number]
            given = getattr(file, method)(*args)
        if method == "__enter__":
            return number if given is file else self._number(given)
        if method == "__iter__":
            return self._number(given)
        is_list = isinstance(given, list) and all(isinstance(each, PLAIN) for each in given)
        return given if is_list or isinstance(given, PLAIN) else None

    def _number(self, file: Any) -> int:
        if len(self._files) >= FILES:
            raise OSError(24, "Too many open files")
        self._files.append(file)
        return len(self._files) - 1


def in_worker(submission: SubmissionProxy, opening: Any) -> Any:
    """A handle on a function of the answer's process that opens as `opening` does here."""
    setattr(module_of(submission), HANDED, Opened(opening).call)
    return submission.probe(made_in_worker, HANDED)


class Opening:
    """A built-in `open` that the test replaced; a part of its surroundings, see there."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._before = self._told = builtins.open
        self._real: Any = None  # the answer's own

    @property
    def is_changed(self) -> bool:
        return builtins.open is not self._told

    def connect(self) -> None:
        if builtins.open is self._before:
            self.disconnect()
            return
        self._told = builtins.open
        made = in_worker(self._submission, builtins.open)
        before = self._submission.probe(set_builtin, "open", made)
        self._real = before if self._real is None else self._real

    def move_on(self) -> None:
        """The answer's calls have been made here."""

    def disconnect(self) -> None:
        if self._told is not self._before:
            self._told = self._before
            self._submission.probe(set_builtin, "open", self._real)


# ------------------------------------------------------------------ no real file meanwhile

_here = threading.local()
_hooks: list[Any] = []


@contextmanager
def no_real_files() -> Iterator[None]:
    """Refuse to open files in this thread."""
    if not _hooks:
        _hooks.append(_refuse)
        sys.addaudithook(_refuse)  # for good: a hook cannot be taken out
    before = getattr(_here, "are_refused", False)
    _here.are_refused = True
    try:
        yield
    finally:
        _here.are_refused = before


def _refuse(event: str, _: Any) -> None:
    if event == "open" and getattr(_here, "are_refused", False):
        raise PermissionError(13, "Permission denied")


# ------------------------------------------------------------------ what runs in the worker


class File:
    """An open file, which lies with the test."""

    def __init__(self, call: Any, number: int) -> None:
        self.call, self.number = call, number

    def __enter__(self) -> Any:
        number = self.call("__enter__", self.number, [], {})
        return self if number == self.number else File(self.call, number)

    def __exit__(self, *told: Any) -> None:
        self.call("__exit__", self.number, [None, None, None], {})

    def __iter__(self) -> Any:
        return File(self.call, self.call("__iter__", self.number, [], {}))

    def __next__(self) -> Any:
        return self.call("__next__", self.number, [], {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args: self.call(name, self.number, [*args], {})


def made_in_worker(answer: Any, name: str) -> Any:
    """A function that opens files of the test, with the function that was handed over."""
    call = answer.namespace.pop(name)

    def opening(*args: Any, **keywords: Any) -> Any:
        return File(call, call("open", 0, [*args], keywords))

    return opening
