"""What a submission raised in its worker, raised here: built-in exceptions, else sentences.

A worker describes an exception in a few texts that may say anything. No class is looked up by a
name that came from there, except in a fixed table of Python's own exceptions.
"""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple, TypeVar

from gradekit.grading.call import Call, Used, told_at_length
from gradekit.report import NOT_WRITTEN
from gradekit.sandbox.host import WorkerLost
from gradekit.sandbox.limits import Limits

Ended = TypeVar("Ended", KeyboardInterrupt, SystemExit)

TEXT_CHARACTERS = 1000  # of what a worker says of an exception
LINE_CHARACTERS = 200
SHOWN_CHARACTERS = 70  # of a line that is no Python, which has a mark below it
ARGUMENTS = 20  # of an exception
PARTS = 50  # of a group of exceptions
STUBS_OWN = "is still a stub"  # how the message ends that every stub raises
AVAILABLE = "the standard library, numpy, scipy, scikit-learn and torch"

# Exceptions that arrive as themselves; any other arrives as a SubmissionError.
RAISABLE = {
    name: getattr(builtins, name)
    for name in (
        "ArithmeticError AssertionError AttributeError BufferError EOFError FloatingPointError "
        "ImportError IndexError KeyError LookupError ModuleNotFoundError NameError "
        "NotImplementedError OSError OverflowError RecursionError ReferenceError RuntimeError "
        "SyntaxError TypeError UnboundLocalError UnicodeError ValueError ZeroDivisionError"
    ).split()
}


class SubmissionError(Exception):
    """The submission did something that earns no points; the text is for the learner."""

    def __init__(self, text: str, ending: str = "finished") -> None:
        super().__init__(text)
        self.ending = ending

    def anew(self) -> SubmissionError:
        """A copy to raise again, without the frames that the first passed through.

        Those hold the replies, and an exception that is kept would keep them in memory.
        """
        return SubmissionError(str(self), self.ending)

    @classmethod
    def of(cls, lost: WorkerLost, what: object) -> SubmissionError:
        """What to say where a worker was lost when `what` was asked for."""
        return cls(lost.told(told_at_length(what)), lost.ending)


class MissingName(SubmissionError, AttributeError):
    """The submission has nothing of that name; `hasattr` and `getattr` understand it."""


class UnboundName(SubmissionError, NameError):
    """The same, where a test says the name alone, as in a notebook."""


class NotImportable(SubmissionError, ImportError):
    """The same, where a test imports the name."""


class Problem(NamedTuple):
    """An exception of the submission, as its worker described it. The texts may say anything."""

    reason: str
    type: str
    builtin: str
    text: str
    where: tuple[int, str, int] | None  # line, its text (may be empty), column (0: unknown)
    args: tuple[Any, ...] | None = None  # of the exception, where they are data
    error: Exception | None = None  # of one of the answer's own classes, where handles are used
    cause: Exception | None = None  # what it was raised from, where handles are used
    has_from: bool = False  # whether it was raised with `from`, be it `from None`
    parts: tuple[Problem, ...] = ()  # of a group of exceptions

    @classmethod
    def of(cls, told: Any) -> Problem:
        """Check what arrived, field by field.

        Raises:
            SubmissionError: it is something else.
        """
        fields = ("reason", "type", "builtin", "text")
        if not isinstance(told, dict) or not all(isinstance(told.get(f), str) for f in fields):
            raise SubmissionError("it sent back no proper data", "malformed")
        reason, kind, builtin, text = (told[field][:TEXT_CHARACTERS] for field in fields)
        args, error, parts = told.get("args"), told.get("error"), told.get("parts")
        return cls(
            reason, kind, builtin, text, _place(told.get("where")),
            args if isinstance(args, tuple) and len(args) <= ARGUMENTS else None,
            error if isinstance(error, Exception) else None,
            cause if isinstance(cause := told.get("cause"), Exception) else None,
            told.get("from") is True,
            tuple(map(cls.of, parts[:PARTS])) if isinstance(parts, list) else (),
        )  # fmt: skip

    @property
    def described(self) -> str:
        """`ValueError: shapes differ`."""
        return f"{self.type}: {self.text}" if self.text else self.type

    @property
    def place(self) -> str:
        """Where in the submission, with the line."""
        if self.where is None:
            return ""
        line, code, _ = self.where
        return f" (line {line}: `{code}`)" if code else f" (line {line})"

    def as_exception(self, what: object, limits: Limits) -> Exception:
        """The exception to raise in a check that asked for `what`.

        A built-in exception has the whole sentence as `submission_text`, and the line of the
        answer and its text as `submission_place`.
        """
        if self.reason == "no_memory":
            gib = limits.memory_mib / 1024
            text = f"stopped: it used more than {gib:g} GiB{self.place}"
            return SubmissionError(text, "out_of_memory")
        if self.reason == "refused":
            return SubmissionError(f"stopped: {self.text}{self.place}", "refused")
        if self.reason == "not_data":
            gave = "gave back" if isinstance(what, Used) else "returned"
            is_class = isinstance(what, Call) and self.text == f"a `{what.name}` object"
            why = ": it is a class, and no function" if is_class else ""
            return SubmissionError(f"{what} {gave} {self.text}{why}", "malformed")
        if self.reason == "missing":
            return MissingName(self.text)
        # The text as well: torch raises NotImplementedError too, for types that it does not know.
        if self.builtin == "NotImplementedError" and self.text.endswith(STUBS_OWN):
            return SubmissionError(NOT_WRITTEN)
        text = f"{told_at_length(what)} raised {self.described}{self.place}"
        if self.where is None and isinstance(what, Used):
            # What a check itself does with the answer's functions, and with what came back.
            text = f"using {what} as its docstring says raised {self.described}"
        error = self.as_raised()
        if error is None:
            return SubmissionError(text)
        if self.cause is not None:
            error.__cause__ = self.cause
        error.__suppress_context__ = self.has_from
        error.submission_text = text  # type: ignore[attr-defined]
        error.submission_place = self.where[:2] if self.where else (0, "")  # type: ignore[attr-defined]
        return error

    def as_interrupt(self, what: object) -> KeyboardInterrupt:
        """As `as_exit`, for a KeyboardInterrupt."""
        return self._telling(KeyboardInterrupt(self.text), what)

    def as_exit(self, what: object) -> SystemExit:
        """The SystemExit to raise in an imported test, which may well expect it."""
        text = self.text
        is_number = len(text) < 10 and text.isdecimal()
        code = None if text == "None" else int(text) if is_number else text
        return self._telling(SystemExit(code), what)

    def _telling(self, ended: Ended, what: object) -> Ended:
        ended.submission_text = f"{told_at_length(what)} raised {self.described}{self.place}"  # type: ignore[attr-defined]
        return ended

    def as_raised(self) -> Exception | None:
        """The exception itself, if its class is one that arrives."""
        if self.parts:
            each = [part.as_raised() or SubmissionError(part.described) for part in self.parts]
            message = self.args[0] if self.args and type(self.args[0]) is str else ""
            return ExceptionGroup(message, each)
        if self.error is not None and hasattr(type(self.error), "kit__class"):
            vars(self.error).update(kit__text=self.text, kit__args=self.args)
            return self.error
        kind: Any = RAISABLE.get(self.builtin) if self.error is None else type(self.error)
        if kind is None:
            return None
        try:
            error: Exception = kind(*(self.args if self.args is not None else (self.text,)))
        except Exception:  # a class that needs other arguments, such as UnicodeDecodeError
            error = kind.__new__(kind, self.text)
        return error

    def while_loading(self) -> SubmissionError:
        """The same for a file that does not run to its end."""
        if self.reason == "refused":
            text = f"stopped while running the file: {self.text}{self.place}"
            return SubmissionError(text, "refused")
        if self.reason == "no_memory":
            text = "stopped: running the file used too much memory"
            return SubmissionError(text, "out_of_memory")
        if self.builtin in ("SyntaxError", "IndentationError", "TabError") and self.where:
            return SubmissionError(_syntax_error(self.text, *self.where))
        if self.builtin == "ModuleNotFoundError":
            text = f"{self.text}{self.place}: an answer may import {AVAILABLE}"
            return SubmissionError(text)
        return SubmissionError(f"running the file stopped with {self.described}{self.place}")


def _syntax_error(text: str, line: int, code: str, offset: int) -> str:
    """The sentence, and the line with a mark below where Python stopped reading."""
    caret = ""
    if code.strip():
        column = max(offset - 1 - (len(code) - len(code.lstrip())), 0)
        shown = code.strip()
        if column >= SHOWN_CHARACTERS:  # the end of what stands before the mark
            shown = f"\u2026{shown[column + 2 - SHOWN_CHARACTERS :]}"
            column = SHOWN_CHARACTERS - 1
        if len(shown) > SHOWN_CHARACTERS:
            shown = f"{shown[:SHOWN_CHARACTERS]}\u2026"
        caret = f"\n    {shown}\n    {' ' * column}^"
    return f"line {line} is no valid Python: {text}{caret}"


def _place(where: Any) -> tuple[int, str, int] | None:
    """Line, text and column as a worker sent them, bounded; None for anything else."""
    if not isinstance(where, tuple) or len(where) != 3 or not isinstance(where[0], int):
        return None
    line, code, column = where
    code = code[:LINE_CHARACTERS] if isinstance(code, str) else ""
    column = column if isinstance(column, int) and 0 < column <= len(code) + 1 else 0
    return min(max(line, 0), 10**6), code, column
