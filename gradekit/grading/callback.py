"""Functions of an imported check that the answer calls (callbacks).

They run here, in the grader's process, while the answer's request waits. So a test that records
its calls sees them, and nothing that such a function holds is sent to the answer. How often, how
deep and how long they run is limited. Their time counts as the answer's, which decides how often
it calls.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CoroutineType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

from gradekit.grading.handle import is_handle, words_of
from gradekit.grading.lent import is_iterator, is_lent, is_property, use
from gradekit.grading.raised import SubmissionError
from gradekit.sandbox import wire
from gradekit.sandbox.known import (
    ERRORS,
    LENT,
    LENT_COROUTINE,
    LENT_FUNCTION,
    LENT_ITERATOR,
    LENT_PROPERTY,
    RAISED,
    RAISED_CLASS,
)

CALLS = 10_000  # the most callbacks of one check
DEPTH = 16  # how many callbacks may run inside one another
# Functions of these libraries are sent by name, and run in the answer's process.
LIBRARIES = {*sys.stdlib_module_names, "numpy", "torch", "scipy", "sklearn", "pandas"} - {
    "__main__"
}
GRADEKIT = str(Path(__file__).resolve().parents[1])
ERROR_NAMES = frozenset(ERRORS)
# The worker has these instead of the names and docstrings of the check's functions, since the real
# ones could tell what is tested. A decorator of the answer's may pass them on.
ALIAS = re.compile(r"kit_(name|doc)_(\d{1,6})")


class TooLong(BaseException):
    """A callback used up the answer's time.

    Not an `Exception`: a test's `except Exception` must not catch it.
    """


class Callbacks:
    """The functions that one check has passed to the answer, by their numbers."""

    def __init__(self) -> None:
        # This list keeps them alive: the id of a dead function could be given to another object,
        # and `_places` goes by ids.
        self._functions: list[Callable[..., Any]] = []
        self._places: dict[Any, int] = {}
        self._errors: list[BaseException] = []
        self._calls = self._depth = 0

    def __bool__(self) -> bool:
        return bool(self._functions)

    def place(self, function: Callable[..., Any]) -> int:
        """The number of a function or of an object that is lent (lent.py), counted from 1.

        What it is (a function, an iterator, an object) is added to it as a multiple of `LENT`.
        """
        if (place := self._places.get(_key_of(function))) is None:
            self._functions.append(function)
            place = len(self._functions)
            if is_lent(function):
                place += _kind_of(function)
            self._places[_key_of(function)] = place
        return place

    def at(self, place: int) -> Callable[..., Any]:
        """What a number means: a function, a lent object, or an exception of the check.

        Raises:
            Malformed: it means nothing.
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
        """Put the real names and docstrings of the check's functions into a text of the answer.

        None if the text is the docstring of a function that has none.
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
        """The exception of a callback with that number; None if there is none."""
        known = type(number) is int and 0 <= number < len(self._errors)
        return self._errors[number] if known else None

    @property
    def errors_known(self) -> int:
        """How many exceptions of the check the answer has met."""
        return len(self._errors)

    def numbers_of(self, error: BaseException) -> tuple[int, int | None]:
        """Keep an exception; return its number and that of its class.

        The number of a class is that of its first exception, and None for a built-in class, which
        the answer knows by name.
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
        """Run what the answer calls.

        Args:
            body: The function, its list of arguments, its dict of keywords; of a lent object also
                what is done with it.
            seconds: How long it may run.
            callers: Names of the answer's functions that are running, the innermost first. If the
                function looks at its callers, it finds functions of these names.
            file: The path of the file in which it finds them.
        Returns:
            "value" and what it returned; or "raised" and what `_described` says of the exception.
        Raises:
            Malformed: it is no call.
            SubmissionError: there were too many calls, or this one took too long.
        """
        function, args, keywords, *what = self._checked(body)
        self._calls += not is_iterator(function)  # items are not counted: time limits them
        if self._calls > CALLS or self._depth >= DEPTH:
            raise SubmissionError(
                "stopped: it called the check's functions without end", "timed_out"
            )
        self._depth += 1
        try:
            act = partial(use, function, *what) if what else function
            result = run_within(seconds, _called_from(callers, file, act), args, keywords)
            return "value", result
        except TooLong:
            text = "stopped: what it called in the check took too long"
            raise SubmissionError(text, "timed_out") from None
        except SubmissionError:
            raise
        except Exception as error:
            return "raised", self._described(error)
        finally:
            self._depth -= 1

    def _checked(self, body: Any) -> tuple[Any, ...]:
        """A call that came from the answer.

        Raises:
            Malformed: it is none, or of a function that the answer was not given.
        """
        if not isinstance(body, tuple) or len(body) not in (3, 4):
            raise wire.Malformed("no call")
        function, args, keywords = body[:3]
        if not isinstance(args, list) or not isinstance(keywords, dict):
            raise wire.Malformed("no call")
        # The answer may name any object of this check, but may call only functions that it was
        # given. Compared by identity: == might be a method of such an object.
        is_given = any(function is each for each in self._functions)
        if not is_given or not all(type(key) is str for key in keywords):
            raise wire.Malformed("no call")
        return body

    def _described(self, error: Exception) -> tuple[Any, ...]:
        """What is sent of an exception: its nearest built-in class, its text, its two numbers.

        By its number the check gets the same exception back, if the answer lets it pass. One of a
        class of the answer's own is an object there, and sent as that.
        """
        if is_handle(error):
            return (error, "")
        name = next(base.__name__ for base in type(error).__mro__ if base.__name__ in ERROR_NAMES)
        return name, words_of(error), *self.numbers_of(error)


def is_callback(value: Any) -> bool:
    """Whether a value stays here, and the answer calls it: a function or lent object of a check."""
    if not is_handle(value) and is_lent(value):
        return True
    if is_handle(value) or isinstance(value, type | ModuleType) or not callable(value):
        return False
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        return False  # as in lent.py
    if isinstance(value, partial):  # its arguments are the check's, such as a list that it fills
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
    """What is added to the number of a lent object: of which kind it is."""
    if is_iterator(value):
        return LENT_ITERATOR
    if type(value) is CoroutineType:
        return LENT_COROUTINE
    if is_property(value):
        return LENT_PROPERTY
    return LENT_FUNCTION if callable(value) else LENT


def _key_of(function: Any) -> Any:
    """A key for a function. Not the id of a method: each access makes a new method object."""
    if isinstance(function, MethodType):
        return id(function.__self__), id(function.__func__)
    return id(function)


def _called_from(names: Sequence[str], file: str, function: Callable[..., Any]) -> Any:
    """Wrap a function in callers of these names, the innermost first."""
    for name in names:
        code = _step.__code__.replace(co_name=name, co_qualname=name, co_filename=file)
        function = partial(FunctionType(code, {}), function)
    return function


def _step(function: Any, *args: Any, **keywords: Any) -> Any:
    return function(*args, **keywords)


def is_of_check(module: str | None) -> bool:
    """Whether a module belongs to a check, and to no library."""
    return str(module).partition(".")[0] not in LIBRARIES


def run_within(
    seconds: float, function: Callable[..., Any], args: list[Any], keywords: dict[str, Any]
) -> Any:
    """Call a function of a check, and stop it after `seconds` by the clock.

    A trace function looks at the clock before each line: nothing else can stop a function in the
    thread that runs it. A long call of a function written in C cannot be stopped.

    Raises:
        TooLong: the function was stopped.
    """
    until = time.monotonic() + seconds

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename.startswith(GRADEKIT):  # our own work is never cut short
            return None
        if time.monotonic() > until:
            raise TooLong
        return watch

    before = sys.gettrace()  # set by a debugger, by coverage or by an outer callback
    sys.settrace(watch)
    try:
        return function(*args, **keywords)
    finally:
        sys.settrace(before)
