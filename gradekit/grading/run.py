"""One submission on its way through the checks: what each asks of it, and what comes back."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gradekit.errors import SandboxError
from gradekit.grading.call import Call, Calls
from gradekit.grading.handle import is_handle
from gradekit.grading.loaded import LoadedAnswer
from gradekit.grading.objects import Objects
from gradekit.grading.outgoing import pickled
from gradekit.grading.raised import Problem, SubmissionError
from gradekit.grading.shown import is_tensor
from gradekit.grading.terms import Terms
from gradekit.sandbox import wire
from gradekit.sandbox.host import Allowance, Reply, WorkerHandle, WorkerLost, reply_in
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import IMPORTED, PLAIN, Limits
from gradekit.submission import Submission

GAVE_UP = "stopped: a function of the check, which it called, ended the check"
# Checks that send more, or get more back at a time, are not remembered: the memo holds the
# requests of a whole class (see memo.py).
REMEMBERED_BYTES = 2**20
# What a check with handles may ask, and get back: an object may have items without end, and a
# check that goes through them would never return, or fill the grader's memory.
REQUESTS = 20_000
TOLD_BYTES = 2**28
# What no class of the solution may be: a test's `except` would catch its own verdict, and all would
# be instances of it.
EVERYTHING = (AssertionError, Exception, object)
# Ten times what replies to several checks may have taken before; see `memo.TOGETHER_SECONDS`.
EARLY_SECONDS = 0.5
# Of an object, what gives a value that a check compares. Not its iteration: the call that made a
# generator says more of what came out of it than `next` does.
LOOKS = frozenset(
    "get __getitem__ __len__ __contains__ __str__ __repr__ __bool__ __int__ __float__".split()
)
STRUCTURE_WEIGHT = 16  # a byte of structure becomes about so many bytes of Python objects

# Requests, the digest of their replies, and the CPU seconds that the answer took for them.
Asked = list[tuple[list[bytes], bytes, float]]


class Exchange(NamedTuple):
    """Requests that went out together, and what came back up to the loss of the worker."""

    requests: list[wire.Pieces]
    replies: list[wire.Received]
    lost: WorkerLost | None
    printed: str  # while the file was run, if it was run for this
    seconds: float = 0.0  # CPU time of the answer

    def digest(self) -> bytes | None:
        """A digest of all that came back; None if it must not be remembered.

        The loss of a worker is not: it may have been this machine's fault, such as its memory's.
        """
        parts: list[bytes | bytearray] = [self.printed.encode("utf-8", "surrogatepass")]
        for reply in self.replies:
            parts += reply
        # With their sizes: else bytes could move from one reply to the next, to the same digest.
        sizes = [len(part) for part in parts]
        if self.lost is not None or sum(sizes) > REMEMBERED_BYTES:
            return None
        return hashlib.sha256(b"".join([repr(sizes).encode(), *parts])).digest()


class Astray(Exception):
    """A check asks more, and checks after it have asked already; see `Run.ask_early`."""


class Stopped(SubmissionError):
    """The submission raised StopIteration, as an iterator does at its end."""

    def __init__(self, error: StopIteration) -> None:
        super().__init__("it raised StopIteration")
        self.error = error


@dataclass(slots=True)
class Attempt:
    """What has happened so far in one check. Nothing of it outlives the check."""

    name: str = ""
    draws: int = 0  # how often the check has drawn
    allowance: Allowance | None = None  # from its first request on
    lost: SubmissionError | None = None  # what ended the worker
    last_call: Call | None = None
    last_look: object = None  # at an object since then, as text: `stack.size`, `stack[0]`
    replies: int = 0  # how often the submission answered
    last_reply: tuple[str, Any] = ("none", None)
    printed: str = ""
    printed_by_file: str = ""  # while it was run, if it was run in this check
    asked: Asked | None = field(default_factory=list)  # None if it is not to be remembered
    asked_bytes: int = 0
    ahead: deque[Exchange] = field(default_factory=deque)  # made before the check asked for them
    objects: Objects | None = None  # that it holds handles on, where it may
    # What the worker is told with the next request: first, to forget the objects of other checks.
    prelude: dict[str, Any] = field(default_factory=lambda: {"fresh": True})
    requests: int = 0  # made of objects
    told_bytes: int = 0
    asking_seconds: float = 0.0  # CPU time that such requests have taken here
    ends_in: int = 0  # the only thread that may still ask, once the test is over

    def note_call(self, call: Call) -> None:
        """What is looked at from now on came of `call`."""
        self.last_call, self.last_look = call, None

    def note_request(self, kind: str, asked: list[Any], what: object) -> None:
        """Take note of what a check asked of an object, for messages."""
        if isinstance(what, Call):
            self.note_call(what)
        elif kind in ("attribute", "operate") and asked[1] in LOOKS:
            self.last_look = what

    def give_back(self, told_bytes: int) -> None:
        """What it was told is no longer there."""
        self.told_bytes -= told_bytes

    def made_ahead(self, requests: list[wire.Pieces]) -> Exchange | None:
        """The exchange of these requests, if it is the next of those that were made ahead."""
        if self.ahead and _joined(self.ahead[0].requests) == _joined(requests):
            return self.ahead.popleft()
        # The check asks something else this time, so none of the rest will be asked for either.
        self.ahead.clear()
        return None

    def show_printed_by_file(self, text: str) -> None:
        """Keep what the file printed, which was run in this check."""
        self.printed_by_file += text
        self.printed += text

    def remember(self, asked: Asked, exchange: Exchange) -> None:
        """Add an exchange to what was `asked`, and keep that, where it may be remembered."""
        self.asked_bytes += sum(len(piece) for pieces in exchange.requests for piece in pieces)
        digest = exchange.digest()
        if digest is not None and self.asked_bytes <= REMEMBERED_BYTES:
            asked.append((_joined(exchange.requests), digest, exchange.seconds))
            self.asked = asked


class Run:
    """One submission being graded, one check after the other."""

    def __init__(
        self,
        sandbox: Sandbox,
        module: str,
        submission: Submission,
        seed: int = 0,
        limits: Limits | None = None,
        used: WorkerHandle | None = None,
        terms: Terms = Terms(),  # noqa: B008  # it cannot be changed
    ) -> None:
        """Begin with a submission.

        Args:
            seed: Decides which cases the checks draw.
            limits: Of time, instead of the sandbox's own.
            used: A worker that has run another version of the same answer, and may run this.
        """
        self.sandbox = sandbox
        self.seed = seed
        self.terms = terms
        self.cells = submission.cells  # the text that was handed in
        self._asking = threading.RLock()  # of objects: a function of the check's may ask meanwhile
        self._load = partial(LoadedAnswer, sandbox, module, submission, terms, limits)
        self._begin(used)

    def _begin(self, used: WorkerHandle | None = None) -> None:
        self.ways: dict[str, set[str]] = {}  # what checks made use of beside data; see objects.py
        self.attempt = Attempt()  # at the check that is being run
        self.is_astray = False  # whether it has to begin anew; see `ask_early`
        self._early: dict[str, Exchange] = {}  # by the names of checks
        self._answer = self._load(used)

    def begin_anew(self) -> None:
        """Forget all that was asked so far, and the time that it took."""
        self.close()
        self._begin()

    @property
    def passed_over(self) -> tuple[str, ...]:
        """What was left out while the file was run, a line each."""
        return self._answer.passed_over

    def close(self) -> None:
        """End its worker."""
        self._answer.close()

    def release(self) -> WorkerHandle | None:
        """Hand on its worker, if that can run another version of the answer; else end it."""
        return self._answer.release()

    def begin_check(
        self, name: str = "", constants: Callable[[], set[Any]] = lambda: set()
    ) -> None:
        """Forget the last check and begin this one; its first request starts the clock.

        Args:
            constants: Gives what of the check no answer may change; see arguments.py.
        """
        # A check may have kept a handle, in a global say: from now on it is of no use.
        if self.attempt.objects is not None:
            self.attempt.objects.end()
        self.attempt = Attempt(name)
        if self.terms.mode != PLAIN:
            ask, judged = self._ask_object, self.terms.judged
            if self.terms.mode == IMPORTED:
                from gradekit.grading.imported import Shared  # that no other exercise needs

                objects: Objects = Shared(ask, judged, constants, name)
            else:
                objects = Objects(ask, judged)
            self.attempt.objects = objects
            self.ways[name] = objects.used

    @property
    def has_handles(self) -> bool:
        """Whether its checks may hold handles."""
        return self.terms.mode != PLAIN

    def next_draw(self) -> tuple[int, str, int]:
        """What the next drawn cases are made from: the seed, the check, and a running number."""
        self.attempt.draws += 1
        return self.seed, self.attempt.name, self.attempt.draws

    def request(self, kind: str, body: Any, what: object) -> Any:
        """Ask the submission for something; raise what it raised, or what became of it."""
        (value,) = self._ask(kind, [body], [what], what)
        return value

    def variable(self, name: str | None) -> Any:
        """The value of a name of the submission, where checks may hold handles.

        Functions and classes are asked for once a check.

        Args:
            name: None for the submission's module itself.
        """
        objects = self.attempt.objects
        assert objects is not None
        if name in objects.named:
            return objects.named[name]
        value = objects.ask("get", [name], f"`{name}`")
        if name in self.terms.judged and any(value is each for each in EVERYTHING):
            raise SubmissionError(f"`{name}` is {value.__name__} itself, and no class of its own")
        if is_handle(value):
            objects.named[name] = value
        return value

    def calls(self, bodies: list[Any], calls: list[Call]) -> Iterator[Any]:
        """Make several calls, and look at them one by one; the first that fails ends it.

        They travel together, so all of them have been made when the first is looked at.
        """
        return self._ask("call", bodies, calls, Calls(calls))

    def probes(self, bodies: list[Any]) -> Iterator[Any]:
        """As `calls`, for probes."""
        return self._ask("probe", bodies, ["it"] * len(bodies), "it")

    def _ask_object(self, kind: str, asked: list[Any], what: object) -> Any:
        """Make a request of a handle; there may be only so many in a check."""
        attempt, limits = self.attempt, self.sandbox.limits
        # A test may ask from threads of its own, which take turns.
        if not self._asking.acquire(timeout=limits.check_seconds * limits.patience):
            raise SubmissionError(f"stopped: {what} was asked for during another request")
        try:
            if attempt is not self.attempt or attempt.ends_in not in (0, threading.get_ident()):
                raise RuntimeError("a handle is of use in its own check only")
            return self._ask_in_turn(attempt, kind, asked, what)
        finally:
            self._asking.release()

    def end_other_threads(self) -> None:
        """The test is over: a thread of its that still asks for something gets nothing."""
        self.attempt.ends_in = threading.get_ident()
        if not self._asking.acquire(blocking=False):
            self._answer.give_up()
            self._asking.acquire()
        self._asking.release()

    def _ask_in_turn(self, attempt: Attempt, kind: str, asked: list[Any], what: object) -> Any:
        attempt.requests += 1
        seconds = self.sandbox.limits.check_seconds
        if attempt.requests > REQUESTS or attempt.asking_seconds > seconds:
            text = "stopped: the check asked its objects for things without end"
            # Raised by `_ask`, and by all later requests of this check.
            attempt.lost = SubmissionError(text, "timed_out")
        attempt.note_request(kind, asked, what)
        started = time.thread_time()
        try:
            return self.request(kind, asked, what)
        except Stopped as stopped:
            if self.terms.stops or (kind == "operate" and asked[1] == "__next__"):
                raise stopped.error from None
            raise SubmissionError(f"{what} raised StopIteration") from None
        finally:
            attempt.asking_seconds += time.thread_time() - started

    def ask_ahead(self, requests: list[bytes]) -> bytes | None:
        """Make requests that the check is going to make, and keep the replies until it does.

        Returns:
            The digest of the replies; None if the check itself has to look at what came of it.
        """
        if self._answer.fatal is not None:
            return None
        try:
            exchange = self._early.pop(self.attempt.name, None)
            if exchange is None:
                exchange = self._exchange([[request] for request in requests])
            self.attempt.ahead.append(exchange)
            return exchange.digest()
        except Exception:
            # Whether the answer or the kit is at fault: the check repeats the request and reports.
            return None

    @property
    def has_asked_early(self) -> bool:
        """Whether requests of checks that are still to come were made; see `ask_early`."""
        return bool(self._early)

    def ask_early(self, requests: dict[str, list[bytes]]) -> None:
        """Make the requests of several checks, this one's first; they take the replies one by one.

        If the worker is lost over them, it is not known what that means for each check; and if one
        of the checks asks more before the last has looked at its replies, the answer has been asked
        in another order than alone. Then this run `is_astray` and has to begin anew, without this.

        Args:
            requests: By the names of checks, in the order in which they are run.
        """
        if len(requests) < 2 or self._answer.fatal is not None:
            return
        together = [[request] for each in requests.values() for request in each]
        try:
            exchange = self._exchange(together, seconds=EARLY_SECONDS)
        except SubmissionError:
            return  # it cannot be loaded: each check says so
        except SandboxError:
            self.is_astray = True
            return
        self.is_astray = exchange.lost is not None
        self.attempt.allowance = None  # a check that asks more has its own time for that
        replies, printed = iter(exchange.replies), exchange.printed
        for name, own in requests.items():
            taken = [*itertools.islice(replies, len(own))]
            self._early[name] = Exchange([[each] for each in own], taken, None, printed)
            printed = ""

    def _ask(
        self, kind: str, bodies: list[Any], each: Sequence[object], together: object
    ) -> Iterator[Any]:
        """Send the requests; what came back for each, which the messages call `each`.

        Args:
            together: What the messages call all of them, where a worker was lost over one.
        """
        attempt = self.attempt
        # None until this request has ended well: what a check makes of anything else (a lost
        # worker, an exception in between) must not be remembered as a verdict on these replies.
        asked, attempt.asked = attempt.asked, None
        error = self._answer.fatal or attempt.lost
        if error is not None and not attempt.ahead:
            raise error.anew()
        objects = attempt.objects
        given = [objects.begin_request(kind, body) if objects else None for body in bodies]
        requests = [self._encoded(kind, number, body) for number, body in enumerate(bodies, 1)]
        exchange = attempt.made_ahead(requests)
        if exchange is None:
            if error is not None:
                raise error.anew()
            exchange = self._exchange(requests, given)
        # Replies do not say what the answer called the check's functions with: equal replies do
        # not mean an equal course of the check, so nothing is remembered.
        if asked is not None and not (objects and objects.may_call_back):
            attempt.remember(asked, exchange)
        if exchange.lost is not None:
            attempt.lost = SubmissionError.of(exchange.lost, together)
        return self._looked_at(exchange, each, given)

    def _encoded(self, kind: str, number: int, body: Any) -> wire.Pieces:
        """A request; with a prelude, where handles are in use."""
        objects = self.attempt.objects
        if objects is None:
            return wire.encode(kind, number, body, pickled)
        prelude = self.attempt.prelude
        # What changed on this side is sent once, with the first of requests that travel together.
        if number == 1:
            prelude |= objects.prelude()
        request = wire.encode(
            kind, number, (prelude or None, objects.outgoing(body)), objects.pickles(), objects.node
        )
        self.attempt.prelude = {}
        return request

    def _looked_at(
        self, exchange: Exchange, each: Sequence[object], given: Sequence[Any]
    ) -> Iterator[Any]:
        """The values that came back, one by one; raises at the end where the worker was lost.

        The frames are decoded one by one too: after the first wrong value none of the others is.
        """
        for number, (what, frame) in enumerate(zip(each, exchange.replies, strict=False), start=1):
            if isinstance(what, Call):
                self.attempt.note_call(what)
            yield self._value(frame, number, what, given[number - 1])
        if (lost := self.attempt.lost) is not None:
            self.attempt.last_reply = ("lost", lost.ending)
            raise lost.anew()

    def _value(self, frame: wire.Received, number: int, what: object, given: Any) -> Any:
        """The value that came back; raise what the submission raised."""
        attempt = self.attempt
        try:
            reply = self._reply(frame, number, what, attempt.objects, given)
        except SubmissionError as error:
            # No proper reply: nothing of this check is remembered.
            attempt.asked = None
            attempt.lost = error.anew()
            attempt.last_reply = ("lost", error.ending)
            raise
        attempt.replies += 1
        attempt.printed += reply.printed
        if attempt.objects is not None:
            attempt.objects.show_printed(reply.printed)
        if reply.kind == "value":
            attempt.last_reply = ("value", reply.value)
            return reply.value
        problem = Problem.of(reply.value)
        attempt.last_reply = (problem.reason, problem.builtin)
        met: BaseException = problem.as_exception(what, self.sandbox.limits)
        if problem.builtin == "SystemExit" and self.terms.mode == IMPORTED:
            met = problem.as_exit(what)
        if problem.builtin == "KeyboardInterrupt" and self.terms.mode == IMPORTED:
            met = problem.as_interrupt(what)
        if attempt.objects is not None:
            own = attempt.objects.error(reply.value.get("callback"))
            met = own if own is not None else met
        # Raised inside the generators that it passes through, StopIteration would become a
        # RuntimeError; `_ask_object` turns it back.
        raise Stopped(met) if isinstance(met, StopIteration) else met

    def _exchange(
        self,
        requests: list[wire.Pieces],
        given: Sequence[Any] = (),
        seconds: float = float("inf"),
    ) -> Exchange:
        """Send requests to a worker that holds the submission, within the time of this check."""
        if self._early:
            self.is_astray = True
            raise Astray
        try:
            return self._exchange_in_time(requests, given, seconds)
        except SandboxError:
            # A process of ours was ended from outside, which is not the answer's doing. Try once
            # more, with the time of a whole check, unless that would lose objects of the check.
            self.close()
            if self.attempt.objects is not None and self.attempt.objects.are_held:
                raise  # what the check holds is gone
            self.attempt.allowance = None
            return self._exchange_in_time(requests, given, seconds)

    def _exchange_in_time(
        self, requests: list[wire.Pieces], given: Sequence[Any], seconds: float
    ) -> Exchange:
        attempt = self.attempt
        worker = self._answer.worker(attempt.show_printed_by_file)
        if attempt.allowance is None:
            attempt.allowance = self._answer.for_check(worker)
        objects = attempt.objects
        if objects is not None and objects.may_call_back:
            return self._converse(worker, requests, given)
        allowance = attempt.allowance
        allowance = allowance._replace(seconds=min(allowance.seconds, seconds))
        started = worker.cpu_seconds()
        replies, lost = self._answer.send(worker, requests, allowance)
        seconds = 0.0 if lost else worker.cpu_seconds() - started
        return Exchange(requests, replies, lost, attempt.printed_by_file, seconds)

    def _converse(
        self, worker: WorkerHandle, requests: list[wire.Pieces], given: Sequence[Any]
    ) -> Exchange:
        """Make requests one by one, in which the submission may call functions of the check."""
        attempt = self.attempt
        replies: list[wire.Received] = []
        lost = None
        try:
            for request, each in zip(requests, given, strict=True):
                assert attempt.allowance is not None
                answer = partial(self._called, worker, each)
                replies.append(worker.converse(request, attempt.allowance, answer))
                attempt.allowance = worker.allowance
        except WorkerLost as error:
            self._answer.forget(worker.spent)
            lost = error.with_traceback(None)
        # A function of the check ended it (`converse` has closed the worker): the answer may not
        # catch what it raised and go on, so the check is over.
        except BaseException as error:
            self._answer.forget(worker.spent)
            own = error if isinstance(error, SubmissionError) else SubmissionError(GAVE_UP)
            attempt.lost = own.anew()
            raise
        return Exchange(requests, replies, lost, attempt.printed_by_file)

    def _called(self, worker: WorkerHandle, given: Any, frame: wire.Received) -> wire.Pieces | None:
        """Run a function of the check that the submission calls; None where it replies."""
        attempt, allowance = self.attempt, worker.allowance
        assert attempt.objects is not None
        seconds = allowance.seconds - (worker.cpu_seconds() - allowance.cpu_start)
        result = attempt.objects.called(frame, given, seconds)
        # That function made a request over which the worker was lost, and caught the exception.
        if attempt.lost is not None:
            raise attempt.lost.anew()
        if result is not None:
            self._weigh(frame)
        return result

    def _reply(
        self,
        frame: wire.Received,
        number: int,
        what: object,
        objects: Objects | None,
        given: Any,
    ) -> Reply:
        """The reply that came back; a worker that sent something else is ended."""
        try:
            if objects is None:
                return reply_in(frame, number)
            # Before it is decoded, which is what would take the memory.
            self._weigh(frame)
            plain = not self.terms.masked
            reply = objects.read(given, lambda: reply_in(frame, number, objects.value, plain=plain))
            value = objects.settled(given, reply.value, reply.changes)
            if reply.changes is None:
                self._notice_end(frame[1], reply.value)
            return Reply(reply.kind, value, reply.printed)
        except wire.Malformed as error:
            # The other replies that are here came from a worker which is ended now.
            self.is_astray = self.has_asked_early
            raise self._answer.refuse(error, what) from None

    def _weigh(self, frame: wire.Received) -> None:
        """Count what a check was told.

        Raises:
            Malformed: it is more than a check may hold.
        """
        structure, buffers = frame
        self.attempt.told_bytes += STRUCTURE_WEIGHT * len(structure) + len(buffers)
        if self.attempt.told_bytes > TOLD_BYTES:
            raise wire.Malformed("more data than one check may be told")

    def _notice_end(self, buffers: bytearray, value: Any) -> None:
        """Take back the weight of an array, which is a view of the frame, once it is gone.

        Of anything else there may be copies.
        """
        is_plain = type(value) is np.ndarray or (is_tensor(value) and not value.requires_grad)
        if is_plain and isinstance(buffers, wire.Large):
            weakref.finalize(buffers, self.attempt.give_back, len(buffers)).atexit = False


def _joined(requests: list[wire.Pieces]) -> list[bytes]:
    return [b"".join(pieces) for pieces in requests]
