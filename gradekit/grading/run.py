"""One submission being graded: sends the requests of the checks, and reads the replies."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from gradekit.errors import SandboxError
from gradekit.grading.call import Call, Calls, Used
from gradekit.grading.check_state import CheckState, Exchange
from gradekit.grading.handle import is_handle, number_of
from gradekit.grading.keeping import may_keep
from gradekit.grading.loaded import LoadedAnswer
from gradekit.grading.objects import IN_ITS_CHECK, Objects
from gradekit.grading.outgoing import pickled
from gradekit.grading.raised import Problem, SubmissionError
from gradekit.grading.shown import is_tensor
from gradekit.grading.terms import Terms
from gradekit.sandbox import wire
from gradekit.sandbox.host import Reply, WorkerHandle, WorkerLost, reply_in
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import IMPORTED, PLAIN, Limits
from gradekit.submission import Submission

GAVE_UP = "stopped: a function of the check, which it called, ended the check"
# Limits of one check with handles. An object may have endless items, and a check that reads them
# all would never return, or fill the grader's memory.
REQUESTS = 20_000
TOLD_BYTES = 2**28
STRUCTURE_WEIGHT = 16  # one byte of a reply's structure becomes about 16 bytes of Python objects
# No class of the submission may be one of these: a test that catches it would catch its own
# failed assertion, and every value would be an instance of it.
EVERYTHING = (AssertionError, Exception, object)
# Ten times what the same requests may have taken before; see `memo.TOGETHER_SECONDS`.
EARLY_SECONDS = 0.5


class OutOfOrder(Exception):
    """A request came too late: later checks have made theirs already; see `Run.ask_early`."""


class Stopped(SubmissionError):
    """The submission raised StopIteration, as an iterator does at its end.

    Attributes:
        number: Of an exception of the check itself: its place among those.
    """

    def __init__(self, error: StopIteration, number: int | None) -> None:
        super().__init__("it raised StopIteration")
        self.error, self.number = error, number


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
            used: A worker that has run another version of the same answer, and is used again.
        """
        self.sandbox = sandbox
        self.seed = seed
        self.terms = terms
        self.submission = submission
        self.drawing: set[str] = set()  # the checks that have drawn cases
        self._sources = (*submission.cells, *(text for _, text in submission.modules))
        # Reentrant: a function of the check, called during a request, may make another one.
        self._asking = threading.RLock()
        self._load = partial(LoadedAnswer, sandbox, module, submission, terms, limits)
        self._begin(used)

    def _begin(self, used: WorkerHandle | None = None) -> None:
        self.ways: dict[str, set[str]] = {}  # what each check used besides data; see objects.py
        self.state = CheckState()  # of the check that is being run
        self.must_restart = False  # see `ask_early`
        self.timeouts = 0  # of other checks of the function that the current one is about
        self._early: dict[str, Exchange] = {}  # by the names of checks
        self._answer = self._load(used)

    def restart(self) -> None:
        """Forget all requests so far, and the time that they took."""
        self.close()
        self._begin()

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Statements of the file that failed and were skipped, a line each."""
        return self._answer.passed_over

    def close(self) -> None:
        """End its worker."""
        self._answer.close()

    @contextmanager
    def up_to(self, cells: tuple[str, ...]) -> Iterator[None]:
        """The check that is being run sees the answer as it was after its first cells.

        Raises:
            SubmissionError: the answer cannot be loaded, or is out of time.
        """
        whole = self._answer
        whole.for_check(whole.worker(self.state.show_printed_by_file))
        self.state.asked = None  # the memo knows requests to the whole answer only
        self._answer = whole.up_to(cells)
        try:
            yield
        finally:
            self._answer.close()
            self._answer = whole

    def release(self) -> WorkerHandle | None:
        """Give the worker away if it can run another version of the answer; else end it."""
        return self._answer.release()

    def begin_check(
        self,
        name: str = "",
        constants: Callable[[], set[Any]] = lambda: set(),
        function: str = "",
    ) -> None:
        """Forget the last check and begin this one; its time runs from its first request on.

        Args:
            function: The one of the answer that the check is about.
            constants: Returns the objects of the check that no answer may change; see arguments.py.
        """
        # The last check may have kept a handle, for example in a global: it is useless now.
        if self.objects is not None:
            self.objects.end()
        self.state = CheckState(name, function)
        if self.has_handles:
            ask, judged = self._ask_object, self.terms.judged
            if self.terms.mode == IMPORTED:
                from gradekit.grading.imported import Shared  # that no other exercise needs

                objects: Objects = Shared(ask, judged, constants, name)
            else:
                objects = Objects(ask, judged)
            self.state.objects = objects
            self.ways[name] = objects.used

    def begin_afresh(self) -> None:
        """Load the answer anew for this check, if it may have kept something of those before."""
        if may_keep(self._sources):
            self._answer.renew()

    @property
    def has_handles(self) -> bool:
        """Whether its checks may hold handles."""
        return self.terms.mode != PLAIN

    @property
    def fatal(self) -> SubmissionError | None:
        """Why no request can be made any more: the answer does not run, or is out of time."""
        return self._answer.fatal

    @property
    def objects(self) -> Objects | None:
        """The objects behind the handles of the current check; None if it may have no handles."""
        return self.state.objects

    def next_draw(self) -> tuple[int, str, int]:
        """What seeds the next drawn cases: the seed, the check, and how often it has drawn."""
        self.state.draws += 1
        self.drawing.add(self.state.name)
        return self.seed, self.state.name, self.state.draws

    def request(self, kind: str, body: Any, what: object) -> Any:
        """Make one request and return the value; raise what the submission raised.

        Args:
            what: What messages call the request.
        Raises:
            SubmissionError: the worker was lost, or sent no proper reply.
        """
        (value,) = self._ask(kind, [body], [what], what)
        return value

    def variable(self, name: str | None) -> Any:
        """The value of a name of the submission, in exercises whose checks may hold handles.

        Functions and classes are requested once in each check.

        Args:
            name: None for the submission's module itself.
        """
        objects = self.objects
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
        """Make several calls and yield their values; raise at the first call that failed.

        The calls are sent together: all have been made before the first value is read.
        """
        return self._ask("call", bodies, calls, Calls(calls))

    def probe(self, body: Any) -> Any:
        """As `request`, for a function of the check that runs beside the submission."""
        return self.request("probe", body, Used(self.state.function))

    def probes(self, bodies: list[Any]) -> Iterator[Any]:
        """As `calls`, for probes."""
        what = Used(self.state.function)
        return self._ask("probe", bodies, [what] * len(bodies), what)

    def _ask_object(self, kind: str, asked: list[Any], what: object) -> Any:
        """Make a request of a handle, within the limits of one check."""
        state, limits = self.state, self.sandbox.limits
        # A test may make requests in several threads: they take turns.
        if not self._asking.acquire(timeout=limits.check_seconds * limits.patience):
            raise SubmissionError(f"stopped: {what} was asked for during another request")
        try:
            if state is not self.state or state.only_thread not in (0, threading.get_ident()):
                raise RuntimeError(IN_ITS_CHECK)
            return self._ask_in_turn(state, kind, asked, what)
        finally:
            self._asking.release()

    def end_other_threads(self) -> None:
        """Refuse requests of all other threads from now on: the test is over."""
        self.state.only_thread = threading.get_ident()
        if not self._asking.acquire(blocking=False):
            self._answer.give_up()
            self._asking.acquire()
        self._asking.release()

    def _ask_in_turn(self, state: CheckState, kind: str, asked: list[Any], what: object) -> Any:
        state.requests += 1
        seconds = self.sandbox.limits.check_seconds
        if state.requests > REQUESTS or state.asking_seconds > seconds:
            text = "stopped: the check asked its objects for things without end"
            # `_ask` raises it, for this request and all later ones of this check.
            state.lost = SubmissionError(text, "timed_out")
        state.note_request(kind, asked, what, number_of(asked[0]))
        started = time.thread_time()
        known = state.objects.errors_known if state.objects is not None else 0
        try:
            return self.request(kind, asked, what)
        except Stopped as stopped:
            # The check's own, such as a mock of `input` raises that has no more lines: only where
            # it came up meanwhile, since the answer could keep one and end a loop with it later.
            is_of_check = stopped.number is not None and stopped.number >= known
            is_next = kind == "operate" and asked[1] == "__next__"
            if self.terms.stops or is_next or is_of_check:
                raise stopped.error from None
            raise SubmissionError(f"{what} raised StopIteration") from None
        finally:
            state.asking_seconds += time.thread_time() - started

    def ask_ahead(self, requests: list[bytes]) -> bytes | None:
        """Make requests that the check is going to make, and keep the replies for it.

        Returns:
            The digest of the replies; None if the check itself has to read them.
        """
        if self.fatal is not None:
            return None
        try:
            exchange = self._early.pop(self.state.name, None)
            if exchange is None:
                exchange = self._exchange([[request] for request in requests])
            self.state.ahead.append(exchange)
            return exchange.digest()
        except Exception:
            # The check repeats the request, and reports whether the answer or the kit is at fault.
            return None

    @property
    def has_asked_early(self) -> bool:
        """Whether requests of later checks have been made already; see `ask_early`."""
        return bool(self._early)

    def ask_early(self, requests: dict[str, list[bytes]]) -> None:
        """Send the requests of several checks together, and keep the replies for each of them.

        This sets `must_restart`, and the run has to be repeated without `ask_early`, in two cases.
        If the worker is lost, nobody knows which check did it. And if one of these checks makes a
        further request, the submission gets its requests in another order than otherwise.

        Args:
            requests: By the names of checks, in the order in which they are run; the current
                check is the first.
        """
        if len(requests) < 2 or self._answer.fatal is not None:
            return
        together = [[request] for each in requests.values() for request in each]
        try:
            exchange = self._exchange(together, seconds=EARLY_SECONDS)
        except SubmissionError:
            return  # it cannot be loaded, which each check will report
        except SandboxError:
            self.must_restart = True
            return
        self.must_restart = exchange.lost is not None
        self.state.allowance = None  # for further requests each check has its own time
        replies, printed = iter(exchange.replies), exchange.printed
        for name, own in requests.items():
            taken = [*itertools.islice(replies, len(own))]
            self._early[name] = Exchange([[each] for each in own], taken, None, printed)
            printed = ""

    def _ask(
        self, kind: str, bodies: list[Any], whats: Sequence[object], together: object
    ) -> Iterator[Any]:
        """Send requests together; yield the value of each.

        Args:
            whats: What messages call each of them.
            together: What messages call all of them, if the worker is lost.
        """
        state = self.state
        # None until these requests have ended well: a verdict on anything else (a lost worker, an
        # exception in between) must not be remembered as a verdict on these replies.
        asked, state.asked = state.asked, None
        error = self.fatal or state.lost
        if error is not None and not state.ahead:
            raise error.anew()
        objects = state.objects
        given = [objects.begin_request(kind, body) if objects else None for body in bodies]
        requests = [self._encoded(kind, number, body) for number, body in enumerate(bodies, 1)]
        exchange = state.made_ahead(requests)
        if exchange is None:
            if error is not None:
                raise error.anew()
            exchange = self._exchange(requests, given)
        # If the answer may call functions of the check, two answers with equal replies may still
        # have called them with other arguments: such a check is not remembered.
        if asked is not None and not (objects and objects.may_call_back):
            state.remember(asked, exchange)
        if exchange.lost is not None:
            state.lost = SubmissionError.of(exchange.lost, together)
        return self._values(exchange, whats, given)

    def _encoded(self, kind: str, number: int, body: Any) -> wire.Pieces:
        """A request as bytes; with a prelude, if the check may have handles."""
        objects = self.objects
        if objects is None:
            return wire.encode(kind, number, body, pickled)
        prelude = self.state.prelude
        # Changes on this side are sent once, with the first of the requests.
        if number == 1:
            prelude |= objects.prelude()
        request = wire.encode(
            kind, number, (prelude or None, objects.outgoing(body)), objects.pickles(), objects.node
        )
        self.state.prelude = {}
        return request

    def _values(
        self, exchange: Exchange, whats: Sequence[object], given: Sequence[Any]
    ) -> Iterator[Any]:
        """Yield the values that came back; raise at the end if the worker was lost.

        A frame is decoded only when its value is wanted: most checks stop at a wrong one.
        """
        together = zip(whats, exchange.replies, given, strict=False)
        for number, (what, frame, each) in enumerate(together, start=1):
            if isinstance(what, Call):
                self.state.note_call(what)
            yield self._value(frame, number, what, each)
        if (lost := self.state.lost) is not None:
            self.state.last_reply = ("lost", lost.ending)
            raise lost.anew()

    def _value(self, frame: wire.Received, number: int, what: object, given: Any) -> Any:
        """The value that came back; raise what the submission raised."""
        state = self.state
        try:
            reply = self._reply(frame, number, what, state.objects, given)
        except SubmissionError as error:
            # Not a proper reply: this check is not remembered.
            state.asked = None
            state.lost = error.anew()
            state.last_reply = ("lost", error.ending)
            raise
        state.replies += 1
        state.printed += reply.printed
        if state.objects is not None:
            state.objects.show_printed(reply.printed)
        if reply.kind == "value":
            state.last_reply = ("value", reply.value)
            return reply.value
        problem = Problem.of(reply.value)
        state.last_reply = (problem.reason, problem.builtin)
        raised = self._exception(problem, what)
        place = reply.value.get("callback")
        own = state.objects.error(place) if state.objects is not None else None
        raised = own if own is not None else raised
        # In a generator, Python would turn StopIteration into a RuntimeError. `_ask_in_turn` turns
        # `Stopped` back.
        raise (
            Stopped(raised, None if own is None else place)
            if isinstance(raised, StopIteration)
            else raised
        )

    def _exception(self, problem: Problem, what: object) -> BaseException:
        """What to raise here for what the submission raised there."""
        if self.terms.mode == IMPORTED:
            if problem.builtin == "SystemExit":
                return problem.as_exit(what)
            if problem.builtin == "KeyboardInterrupt":
                return problem.as_interrupt(what)
        return problem.as_exception(what, self.sandbox.limits)

    def _exchange(
        self,
        requests: list[wire.Pieces],
        given: Sequence[Any] = (),
        seconds: float = float("inf"),
    ) -> Exchange:
        """Send requests to a worker that holds the submission, within the time of this check."""
        if self._early:
            self.must_restart = True
            raise OutOfOrder
        try:
            return self._exchange_in_time(requests, given, seconds)
        except SandboxError:
            # A process of ours was killed from outside: the answer is not at fault. Try once more,
            # with the time of a whole check. That is impossible if the check holds handles: their
            # objects are lost.
            self.close()
            if self.objects is not None and self.objects.are_held:
                raise
            self.state.allowance = None
            return self._exchange_in_time(requests, given, seconds)

    def _exchange_in_time(
        self, requests: list[wire.Pieces], given: Sequence[Any], seconds: float
    ) -> Exchange:
        state = self.state
        worker = self._answer.worker(state.show_printed_by_file)
        if state.allowance is None:
            state.allowance = self._answer.for_check(worker).hurried(self.timeouts)
        objects = state.objects
        if objects is not None and objects.may_call_back:
            return self._converse(worker, requests, given)
        allowance = state.allowance
        allowance = allowance._replace(seconds=min(allowance.seconds, seconds))
        started = worker.cpu_seconds()
        replies, lost = self._answer.send(worker, requests, allowance)
        seconds = 0.0 if lost else worker.cpu_seconds() - started
        return Exchange(requests, replies, lost, state.printed_by_file, seconds)

    def _converse(
        self, worker: WorkerHandle, requests: list[wire.Pieces], given: Sequence[Any]
    ) -> Exchange:
        """Make requests one by one, in which the submission may call functions of the check."""
        state = self.state
        replies: list[wire.Received] = []
        lost = None
        try:
            for request, each in zip(requests, given, strict=True):
                assert state.allowance is not None
                answer = partial(self._called, worker, each)
                replies.append(worker.converse(request, state.allowance, answer))
                state.allowance = worker.allowance
        except WorkerLost as error:
            self._answer.forget(worker.spent)
            lost = error.with_traceback(None)
        # A function of the check raised something that ends the check, and `converse` has closed
        # the worker: the answer must not catch it and go on.
        except BaseException as error:
            self._answer.forget(worker.spent)
            own = error if isinstance(error, SubmissionError) else SubmissionError(GAVE_UP)
            state.lost = own.anew()
            raise
        return Exchange(requests, replies, lost, state.printed_by_file)

    def _called(self, worker: WorkerHandle, given: Any, frame: wire.Received) -> wire.Pieces | None:
        """Run the function of the check that the submission calls by `frame`; None for a reply."""
        state, allowance = self.state, worker.allowance
        assert state.objects is not None
        seconds = allowance.seconds - (worker.cpu_seconds() - allowance.cpu_start)
        result = state.objects.called(frame, given, seconds)
        # The worker was lost over a request of that function, which caught the exception.
        if state.lost is not None:
            raise state.lost.anew()
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
        """The reply in a frame; a worker that sent something else is ended."""
        try:
            if objects is None:
                return reply_in(frame, number)
            self._weigh(frame)  # first, because decoding is what takes the memory
            plain, fills = not self.terms.masked, self.terms.mode == IMPORTED
            read = partial(reply_in, frame, number, objects.value, plain=plain, fills=fills)
            reply = objects.read(given, read)
            value = objects.settled(given, reply.value, reply.changes)
            if reply.changes is None:
                self._notice_end(frame[1], reply.value)
            return Reply(reply.kind, value, reply.printed)
        except wire.Malformed as error:
            # Replies kept for later checks came from the same worker, which is ended now.
            self.must_restart = self.has_asked_early
            raise self._answer.refuse(error, what) from None

    def _weigh(self, frame: wire.Received) -> None:
        """Count the memory that a reply takes.

        Raises:
            Malformed: the check has received too much.
        """
        structure, buffers = frame
        self.state.told_bytes += STRUCTURE_WEIGHT * len(structure) + len(buffers)
        if self.state.told_bytes > TOLD_BYTES:
            raise wire.Malformed("more data than one check may be told")

    def _notice_end(self, buffers: bytearray, value: Any) -> None:
        """Stop counting an array once it is freed. It is a view of `buffers`, and so ends with it.

        Any other value may have been copied out of the buffers.
        """
        is_plain = type(value) is np.ndarray or (is_tensor(value) and not value.requires_grad)
        if is_plain and isinstance(buffers, wire.Large):
            weakref.finalize(buffers, self.state.give_back, len(buffers)).atexit = False
