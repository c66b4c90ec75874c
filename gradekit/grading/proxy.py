"""The submission as a grader sees it: functions that run in another process.

A `Run` is one submission on its way through the checks: it keeps a worker going, replaces
one that was lost, and holds the time. `SubmissionProxy` is what the checks call.
"""

from __future__ import annotations

import builtins
import hashlib
import math
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

from gradekit.errors import SandboxError
from gradekit.grading.code import Code, built
from gradekit.grading.outgoing import pickled
from gradekit.grading.shown import SHOWN_ENTRIES, as_code, has_plain_dtype, show
from gradekit.report import NOT_WRITTEN, clean
from gradekit.sandbox import wire
from gradekit.sandbox.host import Allowance, Reply, WorkerHandle, WorkerLost, reply_in, without_data
from gradekit.sandbox.launch import Sandbox
from gradekit.submission import Submission

CALL_CHARACTERS = 100
TEXT_CHARACTERS = 1000  # of what a worker says of an exception
LINE_CHARACTERS = 200
NOTES = 20  # of what was passed over
STUBS_OWN = "is still a stub"  # how the message ends that every stub raises
# Checks that ask for more, or are told more at a time, are not remembered.
REMEMBERED_BYTES = 2**20
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
    """The submission did something that earns nothing; the text is for the learner."""

    def __init__(self, text: str, ending: str = "finished") -> None:
        super().__init__(text)
        self.ending = ending

    def anew(self) -> SubmissionError:
        """The same, without the frames that it passed through: they hold what came back."""
        return SubmissionError(str(self), self.ending)

    @classmethod
    def of(cls, lost: WorkerLost, what: object) -> SubmissionError:
        """What to say where a worker was lost when `what` was asked for."""
        return cls(lost.told(what), lost.ending)


class Called(NamedTuple):
    """What came of a call: its value, and its arguments as they are after it."""

    value: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Call(NamedTuple):
    """A call, written out only where somebody is going to read it."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __str__(self) -> str:
        """The call as a learner would write it, shortened."""
        parts = [_argument(value) for value in self.args]
        parts += [f"{key}={_argument(value)}" for key, value in self.kwargs.items()]
        values = [*self.args, *self.kwargs.values()]
        while len(text := f"{self.name}({', '.join(parts)})") > CALL_CHARACTERS:
            longest = max(range(len(parts)), key=lambda place: len(parts[place]))
            if len(short := _shortened(values[longest], parts[longest])) >= len(parts[longest]):
                break
            parts[longest] = short
        return text


class Calls(NamedTuple):
    """Calls that travel together; which of them ended a worker cannot be told."""

    calls: list[Call]

    def __str__(self) -> str:
        count, first = len(self.calls), self.calls[0]
        return f"one of {count} calls such as {first}" if count > 1 else str(first)


class Exchange(NamedTuple):
    """Requests that went out together, and what came back up to the loss of the worker."""

    requests: list[wire.Pieces]
    replies: list[wire.Received]
    lost: WorkerLost | None
    printed: str  # while the file was run, if it was run for this

    def digest(self) -> bytes | None:
        """What stands for all that came back; None if that is nothing to be remembered."""
        parts: list[bytes | bytearray] = [self.printed.encode("utf-8", "surrogatepass")]
        for reply in self.replies:
            parts += reply
        sizes = [len(part) for part in parts]
        if self.lost is not None or sum(sizes) > REMEMBERED_BYTES:
            return None
        return hashlib.sha256(b"".join([repr(sizes).encode(), *parts])).digest()


Asked = list[tuple[list[bytes], bytes]]  # requests, and the digest of their replies


class Run:
    """One submission being graded."""

    def __init__(
        self, sandbox: Sandbox, module: str, submission: Submission, seed: int = 0
    ) -> None:
        """Begin with a submission; `seed` decides which cases the checks draw."""
        self.sandbox = sandbox
        self.seed = seed
        self._check = ""
        self._draws = 0  # how often the check has drawn
        self._module = module
        self._submission = submission
        self._limits = sandbox.limits
        self._worker: WorkerHandle | None = None
        self._cpu_before = 0.0  # CPU seconds of the workers that are gone
        self._started = time.monotonic()
        self._allowance: Allowance | None = None
        self._fatal: SubmissionError | None = None  # it cannot be loaded, or is out of time
        self._lost: SubmissionError | None = None  # what ended the worker in this check
        self.last_call: Call | None = None
        self.replies = 0  # how often the submission answered in this check
        self.last_reply: tuple[str, Any] = ("none", None)
        self.printed = ""
        self._printed_by_file = ""  # while it was run, if it was run in this check
        self.asked: Asked | None = []  # in this check; None if it is not to be remembered
        self._asked_bytes = 0
        self.passed_over: tuple[str, ...] = ()  # while the file was run, a line each
        self._ahead: deque[Exchange] = deque()  # made before the check asked for them

    def begin_check(self, name: str = "") -> None:
        """Forget the last check and begin this one; its first call starts the clock."""
        self._check, self._draws = name, 0
        self._allowance = self._lost = self.last_call = None
        self.replies = 0
        self.last_reply = ("none", None)
        self.printed = self._printed_by_file = ""
        self.asked = []
        self._asked_bytes = 0
        self._ahead.clear()

    def next_draw(self) -> tuple[int, str, int]:
        """What the next drawn cases are made from: the seed, the check, and a running number."""
        self._draws += 1
        return self.seed, self._check, self._draws

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def request(self, kind: str, body: Any, what: object) -> Any:
        """Ask the submission for something; raise what it raised, or what became of it."""
        (value,) = self._values(kind, [body], [what], what)
        return value

    def calls(self, bodies: list[Any], calls: list[Call]) -> Iterator[Any]:
        """Make several calls, and look at them one by one; the first that fails ends it.

        They travel together, so all of them have been made when the first is looked at.
        """
        return self._values("call", bodies, calls, Calls(calls))

    def probes(self, bodies: list[Any]) -> Iterator[Any]:
        """As `calls`, for probes."""
        return self._values("probe", bodies, ["it"] * len(bodies), "it")

    def ask_ahead(self, requests: list[bytes]) -> bytes | None:
        """Make requests that the check is going to make, and keep the replies until it does.

        Returns:
            The digest of the replies; None if the check itself has to look at what came of it.
        """
        if self._fatal is not None:
            return None
        try:
            exchange = self._exchange([[request] for request in requests])
            self._ahead.append(exchange)
            return exchange.digest()
        except Exception:  # the answer's doing or ours: the check meets it, and tells which
            return None

    def _values(
        self, kind: str, bodies: list[Any], each: Sequence[object], together: object
    ) -> Iterator[Any]:
        """What came back for each body, which the messages call `each`, or all `together`."""
        asked, self.asked = self.asked, None  # unless this ends well
        error = self._fatal or self._lost
        if error is not None and not self._ahead:
            raise error.anew()
        requests = [
            wire.encode(kind, number, body, pickled) for number, body in enumerate(bodies, start=1)
        ]
        exchange = self._made_ahead(requests)
        if exchange is None:
            if error is not None:
                raise error.anew()
            exchange = self._exchange(requests)
        if asked is not None and self._note(asked, exchange):
            self.asked = asked
        if exchange.lost is not None:
            self._lost = SubmissionError.of(exchange.lost, together)
        for number, (what, frame) in enumerate(zip(each, exchange.replies, strict=False), start=1):
            if isinstance(what, Call):
                self.last_call = what
            yield self._value(frame, number, what)
        if self._lost is not None:
            self.last_reply = ("lost", self._lost.ending)
            raise self._lost.anew()

    def _made_ahead(self, requests: list[wire.Pieces]) -> Exchange | None:
        """The exchange of these requests, if it is the one that was made next."""
        if self._ahead and _joined(self._ahead[0].requests) == _joined(requests):
            return self._ahead.popleft()
        self._ahead.clear()
        return None

    def _note(self, asked: Asked, exchange: Exchange) -> bool:
        """Add an exchange to what was asked in this check; False where that is impossible."""
        self._asked_bytes += sum(len(piece) for pieces in exchange.requests for piece in pieces)
        if self._asked_bytes > REMEMBERED_BYTES or (digest := exchange.digest()) is None:
            return False
        asked.append((_joined(exchange.requests), digest))
        return True

    def _exchange(self, requests: list[wire.Pieces]) -> Exchange:
        try:
            return self._exchange_once(requests)
        except SandboxError:
            # A process of ours was ended from outside, which no answer can do: once more.
            self.close()
            self._allowance = None
            return self._exchange_once(requests)

    def _exchange_once(self, requests: list[wire.Pieces]) -> Exchange:
        worker = self._loaded_worker()
        if self._allowance is None:
            self._allowance = worker.allow(self._check_seconds(worker))
        return self._through(worker, requests, self._allowance)

    def _value(self, frame: wire.Received, number: int, what: object) -> Any:
        """The value that came back; raise what the submission raised."""
        try:
            reply = self._reply(frame, number, what)
        except SubmissionError as error:
            self.asked = None
            self._lost = error.anew()
            self.last_reply = ("lost", error.ending)
            raise
        self.replies += 1
        self.printed += reply.printed
        if reply.kind == "value":
            self.last_reply = ("value", reply.value)
            return reply.value
        self._raise(reply.value, what)

    def _check_seconds(self, worker: WorkerHandle) -> float:
        """The CPU time of this check: what is left of the submission's, at most a check's."""
        limit = self._limits.submission_seconds
        spent = self._cpu_before + worker.cpu_seconds()
        if sys.platform != "linux":
            spent = time.monotonic() - self._started
        spent = max(spent, (time.monotonic() - self._started) / self._limits.patience)
        if spent >= limit:
            text = f"stopped: the whole answer took longer than {limit:g} s"
            self._fatal = SubmissionError(text, "timed_out")
            raise self._fatal.anew()
        return min(self._limits.check_seconds, limit - spent)

    def _through(
        self, worker: WorkerHandle, requests: list[wire.Pieces], allowance: Allowance
    ) -> Exchange:
        before = worker.cpu_seconds()
        replies: list[wire.Received] = []
        lost = None
        try:
            replies.extend(worker.exchange(requests, allowance))
        except WorkerLost as error:
            timed_out = error.ending == "timed_out"
            spent = allowance.cpu_start + allowance.seconds
            self._forget_worker(max(before, spent if timed_out else worker.spent))
            lost = error.with_traceback(None)  # its frames hold the replies
        return Exchange(requests, replies, lost, self._printed_by_file)

    def _reply(self, frame: wire.Received, number: int, what: object) -> Reply:
        """The reply that came back; a worker that sent something else is ended."""
        try:
            return reply_in(frame, number)
        except wire.Malformed as error:
            if (worker := self._worker) is not None:
                worker.close()
                self._forget_worker(worker.spent)
            raise SubmissionError.of(without_data(error), what) from None

    def _forget_worker(self, cpu_seconds: float) -> None:
        self._cpu_before += cpu_seconds
        self._worker = None

    def _loaded_worker(self) -> WorkerHandle:
        """The worker with the submission in it; a new one where the last was lost."""
        if self._worker is not None:
            return self._worker
        worker = self._worker = self.sandbox.worker()
        body = [self._module, self._submission.name, list(self._submission.cells)]
        request = wire.encode("load", 1, body, pickled)
        allowance = worker.allow(self._limits.import_seconds)
        what = "running the file"
        try:
            exchange = self._through(worker, [request], allowance)
            if exchange.lost is not None:
                raise SubmissionError.of(exchange.lost, what)
            reply = self._reply(exchange.replies[0], 1, what)
            self._printed_by_file += reply.printed
            self.printed += reply.printed
            if reply.kind == "raised":
                raise SubmissionError(*_loading_problem(reply.value))
            self.passed_over = _notes(reply.value)
        except SubmissionError as error:
            self._fatal = error.anew()
            raise
        return worker

    def _raise(self, problem: Any, what: object) -> NoReturn:
        """Raise here what the submission raised there."""
        problem = Problem.of(problem)
        self.last_reply = (problem.reason, problem.builtin)
        if problem.reason == "no_memory":
            gib = self._limits.memory_mib / 1024
            raise SubmissionError(f"stopped: it used more than {gib:g} GiB", "out_of_memory")
        if problem.reason == "refused":
            raise SubmissionError(f"stopped: {problem.text}", "refused")
        if problem.reason == "not_data":
            raise SubmissionError(f"{what} returned {problem.text}", "malformed")
        if problem.reason == "missing":
            raise SubmissionError(problem.text)
        # torch raises it as well, for types that an operation does not know.
        if problem.builtin == "NotImplementedError" and problem.text.endswith(STUBS_OWN):
            raise SubmissionError(NOT_WRITTEN)
        text = f"{what} raised {problem.described}{problem.place}"
        if problem.builtin in RAISABLE:
            error = RAISABLE[problem.builtin](problem.text)
            error.submission_text = text
            error.submission_place = problem.where[:2] if problem.where else (0, "")
            raise error
        raise SubmissionError(text)


class Problem(NamedTuple):
    """An exception of the submission, as its worker told it. The texts may be anything."""

    reason: str
    type: str
    builtin: str
    text: str
    where: tuple[int, str, int] | None  # line, its text (may be empty), column (0: unknown)

    @classmethod
    def of(cls, told: Any) -> Problem:
        """Check what arrived, field by field."""
        fields = ("reason", "type", "builtin", "text")
        if not isinstance(told, dict) or not all(isinstance(told.get(f), str) for f in fields):
            raise SubmissionError("it sent back no proper data", "malformed")
        reason, kind, builtin, text = (told[field][:TEXT_CHARACTERS] for field in fields)
        return cls(reason, kind, builtin, text, _place(told.get("where")))

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


class SubmissionProxy:
    """Its attributes are the submission's functions. Values come back as plain data."""

    def __init__(self, run: Run | None = None) -> None:
        self._run = run

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Called:
        """Call a function and look at its arguments afterwards, too."""
        return _called(self._request([name, args, kwargs, True], Call(name, args, kwargs)))

    def each(
        self, name: str, cases: Iterable[tuple[Any, ...]], /, **kwargs: Any
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Call a function for each tuple of arguments; yield the tuple and the value.

        The calls travel together, which is quicker than one by one. All are made, in order,
        even if the loop ends before the last.
        """
        arguments = [*cases]
        values = self._each(name, arguments, kwargs, with_arguments=False)
        return zip(arguments, values, strict=True)

    def each_called(
        self, name: str, cases: Iterable[tuple[Any, ...]], /, **kwargs: Any
    ) -> Iterator[tuple[tuple[Any, ...], Called]]:
        """As `each`, and look at the arguments afterwards, too."""
        arguments = [*cases]
        answers = self._each(name, arguments, kwargs, with_arguments=True)
        return zip(arguments, map(_called, answers), strict=True)

    def each_case(
        self, name: str, cases: list[tuple[tuple[Any, ...], dict[str, Any]]], with_arguments: bool
    ) -> Iterator[tuple[tuple[tuple[Any, ...], dict[str, Any]], Any]]:
        """As `each` or `each_called`, for cases that have keywords of their own."""
        calls = [Call(name, args, keywords) for args, keywords in cases]
        answers = self._calls(calls, with_arguments)
        return zip(cases, map(_called, answers) if with_arguments else answers, strict=True)

    def each_probe(
        self, function: Callable[..., Any], cases: Iterable[tuple[Any, ...]], /
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """As `probe` for each tuple of arguments; yield the tuple and what came back.

        They travel together. Fixed problems come before drawn ones, in tuples of their own:
        known mistakes are recognised by the first reply that fails a check.
        """
        arguments = [*cases]
        values = self._running.probes([[function, args] for args in arguments])
        return zip(arguments, values, strict=True)

    def probe(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Run `function(answer, *args)` beside the submission; it returns plain data.

        `answer` has the submission's functions as attributes. The submission can read
        everything that the probe holds, so it holds no expected value.
        """
        return self._running.request("probe", [function, args], "it")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):  # pytest and copy look for such
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._request([name, args, kwargs, False], Call(name, args, kwargs))

        return call

    def _request(self, body: list[Any], call: Call) -> Any:
        self._running.last_call = call
        return self._running.request("call", built(body), call)

    def _each(
        self, name: str, cases: list[tuple[Any, ...]], kwargs: dict[str, Any], with_arguments: bool
    ) -> Iterator[Any]:
        return self._calls([Call(name, args, kwargs) for args in cases], with_arguments)

    def _calls(self, calls: list[Call], with_arguments: bool) -> Iterator[Any]:
        return self._running.calls([built([*call, with_arguments]) for call in calls], calls)

    @property
    def _running(self) -> Run:
        assert self._run is not None, "no submission is being graded"
        return self._run


def run_of(submission: SubmissionProxy) -> Run:
    """The run behind the submission that a check is given."""
    return submission._running


def _joined(requests: list[wire.Pieces]) -> list[bytes]:
    return [b"".join(pieces) for pieces in requests]


def _called(answer: Any) -> Called:
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise SubmissionError("it sent back no proper data", "malformed")
    return Called(*answer)


def _argument(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    shape = getattr(value, "shape", ())
    if math.prod(shape) > SHOWN_ENTRIES:
        return f"<{'tensor' if hasattr(value, 'detach') else 'array'} {tuple(shape)}>"
    # float32 and the small integers are what a check may be about: their dtype is written out.
    return show(value) if has_plain_dtype(value) else as_code(value)


def _shortened(value: Any, text: str) -> str:
    """A long argument by its size: `<array (3, 4)>`, `<list of 5>`; with its keyword."""
    keyword = re.match(r"\w+=|", text)
    prefix = keyword[0] if keyword else ""
    if (shape := getattr(value, "shape", None)) is not None and shape != ():
        return f"{prefix}<{'tensor' if hasattr(value, 'detach') else 'array'} {tuple(shape)}>"
    if isinstance(value, list | tuple | dict):
        return f"{prefix}<{type(value).__name__} of {len(value)}>"
    return f"{prefix}<{type(value).__name__}>"


def _notes(told: Any) -> tuple[str, ...]:
    """What a worker says it passed over, if that is what it is."""
    if not isinstance(told, list) or not all(isinstance(note, str) for note in told):
        raise SubmissionError("it sent back no proper data", "malformed")
    return tuple(clean(note, LINE_CHARACTERS).replace("\n", " ") for note in told[:NOTES])


def _place(where: Any) -> tuple[int, str, int] | None:
    """Line, text and column as a worker told them, if that is what they are."""
    if not isinstance(where, tuple) or len(where) != 3 or not isinstance(where[0], int):
        return None
    line, code, column = where
    code = code[:LINE_CHARACTERS] if isinstance(code, str) else ""
    column = column if isinstance(column, int) and 0 < column <= len(code) + 1 else 0
    return min(max(line, 0), 10**6), code, column


def _loading_problem(told: Any) -> tuple[str, str]:
    """The sentence and the ending for a file that does not run to its end."""
    problem = Problem.of(told)
    if problem.reason == "refused":
        return f"stopped while running the file: {problem.text}{problem.place}", "refused"
    if problem.reason == "no_memory":
        return "stopped: running the file used too much memory", "out_of_memory"
    if problem.builtin in ("SyntaxError", "IndentationError", "TabError") and problem.where:
        line, code, offset = problem.where
        caret = ""
        if code.strip():
            column = offset - 1 - (len(code) - len(code.lstrip()))
            caret = f"\n    {code.strip()}\n    {' ' * max(column, 0)}^"
        return f"line {line} is no valid Python: {problem.text}{caret}", "finished"
    if problem.builtin == "ModuleNotFoundError":
        text = f"{problem.text}{problem.place}: an answer may import {AVAILABLE}"
        return text, "finished"
    return f"running the file stopped with {problem.described}{problem.place}", "finished"
