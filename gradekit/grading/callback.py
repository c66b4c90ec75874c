"""Functions of an imported check that the answer calls: they run here, nested in its request.

So a test that records calls records them, and nothing that such a function holds is sent to the
answer. How often, how deep and how long they run is bounded, and their time counts as the answer's.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from gradekit.grading.awaiting import finished
from gradekit.grading.handle import is_handle
from gradekit.grading.lent import is_iterator, is_lent, use
from gradekit.grading.raised import SubmissionError
from gradekit.sandbox import wire
from gradekit.sandbox.known import (
    ERRORS,
    LENT,
    LENT_FUNCTION,
    LENT_ITERATOR,
    RAISED,
    RAISED_CLASS,
)

CALLS = 10_000  # of one check
DEPTH = 16  # of callbacks in calls in callbacks
# Functions of these travel by name, and run beside the answer.
LIBRARIES = {*sys.stdlib_module_names, "numpy", "torch", "scipy", "sklearn", "pandas"} - {
    "__main__"
}
OURS = str(Path(__file__).resolve().parents[1])
ERROR_NAMES = frozenset(ERRORS)
# What stands in the worker for the names and docstrings of functions, where a decorator of the
# answer's passes them on: the real ones could tell what is tested.
ALIAS = re.compile(r"kit_(name|doc)_(\d{1,6})")


class TooLong(BaseException):
    """A callback used up the answer's time. No `except Exception` of a test's is to stop it."""


class Callbacks:
    """The functions that one check has handed over."""

    def __init__(self) -> None:
        # They are kept alive here, so that an id in `_places` cannot come to mean another one.
        self._functions: list[Callable[..., Any]] = []
        self._places: dict[Any, int] = {}
        self._errors: list[BaseException] = []
        self._calls = self._depth = 0

    def __bool__(self) -> bool:
        return bool(self._functions)

    def place(self, function: Callable[..., Any]) -> int:
        """The number of a function, from 1, or of an object that is lent."""
        if (place := self._places.get(_key_of(function))) is None:
            self._functions.append(function)
            place = len(self._functions)
            if is_lent(function):
                place += _kind_of(function)
            self._places[_key_of(function)] = place
        return place

    def at(self, place: int) -> Callable[..., Any]:
        """The function of a number, or the object, exception or class.

        Raises:
            Malformed: there is none.
        """
        if RAISED <= place < RAISED_CLASS and (error := self.error(place - RAISED)) is not None:
            return error  # type: ignore[return-value]
        if place >= RAISED_CLASS and (error := self.error(place - RAISED_CLASS)) is not None:
            return type(error)
        number = place % LENT
        known = self._functions[number - 1] if 0 < number <= len(self._functions) else None
        if known is None or self._places[_key_of(known)] != place:
            raise wire.Malformed("a function that it was not given")
        return known

    def named(self, text: str) -> str | None:
        """A text with the names and docstrings of functions that the answer knows by numbers.

        None where it is the docstring of one that has none.
        """
        if not self._functions or "kit_" not in text:
            return text

        def real(match: re.Match[str]) -> str:
            place = int(match[2])
            known = self._functions[place - 1] if 0 < place <= len(self._functions) else None
            found = getattr(known, {"name": "__name__", "doc": "__doc__"}[match[1]], None)
            return match[0] if known is None else str(found or "")

        return ALIAS.sub(real, text) or (None if text.startswith("kit_doc_") else "")

    def error(self, number: Any) -> BaseException | None:
        """The exception that a callback raised under that number."""
        known = type(number) is int and 0 <= number < len(self._errors)
        return self._errors[number] if known else None

    def numbers_of(self, error: BaseException) -> tuple[int, int | None]:
        """The number of an exception, which is kept; and of its class, unless it is built in.

        That of the class is the number of the first exception of it.
        """
        kinds = [type(each) for each in self._errors]
        known = [number for number, each in enumerate(self._errors) if each is error]
        number = known[0] if known else len(self._errors)
        if not known:
            self._errors.append(error)
            kinds.append(type(error))
        is_built_in = type(error).__name__ in ERROR_NAMES and type(error).__module__ == "builtins"
        return number, None if is_built_in else kinds.index(type(error))

    def called(self, body: Any, seconds: float, callers: Sequence[str] = (), file: str = "") -> Any:
        """Run what the answer calls; return what to send back.

        Args:
            callers: Functions of the answer that are running, the innermost first, for one that
                looks at its callers: it finds functions of these names, in a file of that name.
        Raises:
            Malformed: it is no call.
            SubmissionError: there were too many, or it took too long.
        """
        if not isinstance(body, tuple) or len(body) not in (3, 4):
            raise wire.Malformed("no call")
        function, args, keywords, *what = body
        if not isinstance(args, list) or not isinstance(keywords, dict):
            raise wire.Malformed("no call")
        # What arrives may name any object of this check's: only functions handed over may run. By
        # identity: == might be a method of such an object.
        is_ours = any(function is each for each in self._functions)
        if not is_ours or not all(type(key) is str for key in keywords):
            raise wire.Malformed("no call")
        self._calls += not is_iterator(function)  # items are no calls, and end with the time
        if self._calls > CALLS or self._depth >= DEPTH:
            raise SubmissionError(
                "stopped: it called the check's functions without end", "timed_out"
            )
        self._depth += 1
        try:
            act = partial(use, function, *what) if what else function
            result = run_within(seconds, _called_from(callers, file, act), args, keywords)
            return "value", run_within(seconds, finished, [result], {})
        except TooLong:
            text = "stopped: what it called in the check took too long"
            raise SubmissionError(text, "timed_out") from None
        except SubmissionError:
            raise
        except Exception as error:
            return "raised", self._told(error)
        finally:
            self._depth -= 1

    def _told(self, error: Exception) -> tuple[str, str, int, int | None]:
        """Of an exception: the nearest built-in class, its text, and its numbers.

        By the number the check gets back its very own exception, if the answer lets it pass.
        """
        name = next(base.__name__ for base in type(error).__mro__ if base.__name__ in ERROR_NAMES)
        return name, str(error), *self.numbers_of(error)


def is_callback(value: Any) -> bool:
    """Whether it is a function of the check itself, or an object of it that is lent or called."""
    if not is_handle(value) and is_lent(value):
        return True
    if is_handle(value) or isinstance(value, type | ModuleType) or not callable(value):
        return False
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        return False  # it goes there: it is asked for its parameters as well
    if isinstance(value, partial):  # what it holds is the check's own, a list that it fills say
        return is_callback(value.func)
    if isinstance(value, FunctionType):
        return is_of_check(value.__module__)
    if isinstance(value, MethodType):
        return is_of_check(type(value.__self__).__module__) or is_of_check(value.__module__)
    if isinstance(value, BuiltinFunctionType):  # `calls.append`, and not `math.sqrt`
        owner = value.__self__
        return owner is not None and not isinstance(owner, ModuleType | type)
    module = type(value).__module__
    return module.startswith("unittest.mock") or is_of_check(module)


def _kind_of(value: Any) -> int:
    """What an object that is lent counts as."""
    if is_iterator(value):
        return LENT_ITERATOR
    return LENT_FUNCTION if callable(value) else LENT


def _key_of(function: Any) -> Any:
    """By what a function is known: each access to a method makes a new object."""
    if isinstance(function, MethodType):
        return id(function.__self__), id(function.__func__)
    return id(function)


def _called_from(names: Sequence[str], file: str, function: Callable[..., Any]) -> Any:
    """The function, called by functions of these names, the innermost first."""
    for name in names:
        code = _step.__code__.replace(co_name=name, co_qualname=name, co_filename=file)
        function = partial(FunctionType(code, {}), function)
    return function


def _step(function: Any, *args: Any, **keywords: Any) -> Any:
    return function(*args, **keywords)


def is_of_check(module: str | None) -> bool:
    """Whether a module is of a check, and of no library."""
    return str(module).partition(".")[0] not in LIBRARIES


def run_within(
    seconds: float, function: Callable[..., Any], args: list[Any], keywords: dict[str, Any]
) -> Any:
    """Call a function of a check, for at most so many seconds.

    A trace function looks at the clock at each line, since nothing else can end a function in the
    thread that runs it. It cannot end a long call of a function written in C.

    Raises:
        TooLong: the time is over.
    """
    until = time.monotonic() + seconds

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename.startswith(OURS):  # no work of ours is left half done
            return None
        if time.monotonic() > until:
            raise TooLong
        return watch

    before = sys.gettrace()  # a debugger's, coverage's, or that of an outer callback
    sys.settrace(watch)
    try:
        return function(*args, **keywords)
    finally:
        sys.settrace(before)
