"""What a test types: the `input` or `sys.stdin` that it replaced, made available to the answer.

One of the parts of a test's surroundings, see surroundings.py.

The text that a mocked stdin still holds goes to the worker before each request, and what the
answer read of it is taken from the test's stdin afterwards. A replaced `input` is called back.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any

import cloudpickle

from gradekit.grading.live import module_of
from gradekit.grading.originals.sharing import share_no_more, share_with_modules
from gradekit.grading.proxy import SubmissionProxy

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file


class Keyboard:
    """The `input` and `sys.stdin` that a test has put in place of the keyboard, if it has."""

    def __init__(self, submission: SubmissionProxy) -> None:
        self._submission = submission
        self._stdin, self._input = sys.stdin, builtins.input  # before the test
        self._typed: str | None = None  # what the worker's stdin holds
        self._called_back: Any = None  # the `input` that it calls

    @property
    def is_changed(self) -> bool:
        return sys.stdin is not self._stdin or builtins.input is not self._input

    def disconnect(self) -> None:
        """Undo it in the worker, where the next check runs as well."""
        if self._typed is not None:
            self._submission.probe(type_nothing)
        elif self._called_back is not None:
            self._submission.probe(share_no_more, "input")

    def connect(self) -> None:
        if builtins.input is not self._input:
            if self._called_back is not builtins.input:
                self._called_back = builtins.input
                module_of(self._submission).input = builtins.input
                self._submission.probe(share_with_modules, "input")
        elif sys.stdin is not None:
            place = sys.stdin.tell()
            rest = sys.stdin.read()
            sys.stdin.seek(place)
            # Only after a change: most requests of a test follow each other without anything typed.
            if rest != self._typed:
                self._submission.probe(type_in, rest)
                self._typed = rest

    def move_on(self) -> None:
        """Take what the answer has read from the test's stdin."""
        if self._typed is None or sys.stdin is None:
            return
        rest = self._submission.probe(left_to_read)
        # The worker may say anything. Only a rest of what was typed can move the test's stdin.
        if isinstance(rest, str) and self._typed.endswith(rest):
            sys.stdin.seek(sys.stdin.tell() + len(self._typed) - len(rest))
            self._typed = rest


def type_in(answer: Any, text: str) -> None:
    """Runs in the worker: what `input` and `sys.stdin` give from now on."""
    import io
    import sys as system

    typed: Any = io.StringIO(text)
    typed.kit__typed = True  # `input` reads it then, see sandbox/inside/inert.py
    system.stdin = typed


def left_to_read(answer: Any) -> str:
    """Runs in the worker: the text that has not been read yet."""
    import sys as system

    place = system.stdin.tell()
    text = system.stdin.read()
    system.stdin.seek(place)
    return text


def type_nothing(answer: Any) -> None:
    """Runs in the worker: as before `type_in`."""
    import io
    import sys as system

    system.stdin = io.StringIO()
