"""An answer in a worker: loaded at the first request, and again whenever its worker is lost."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from gradekit.grading.budget import Budget
from gradekit.grading.outgoing import pickled
from gradekit.grading.raised import LINE_CHARACTERS, Problem, SubmissionError
from gradekit.grading.terms import Terms
from gradekit.report import clean
from gradekit.sandbox import wire
from gradekit.sandbox.host import Allowance, Reply, WorkerHandle, WorkerLost, reply_in, without_data
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import PLAIN, Limits
from gradekit.submission import Submission

RUNNING = "running the file"
STATEMENTS = 20_000  # at the top level of an answer
LEFT_OUT = 3  # statements that hang or end the process; for each, the file is loaded once more
LOST_AT = {"timed_out": "did not come to an end", "out_of_memory": "used too much memory"}
NOTES = 20  # of what was passed over


class LoadedAnswer:
    """One answer, the worker that holds it, and the time that is left.

    All checks use the same worker: to start a new one would take longer than most checks.

    Attributes:
        passed_over: Statements of the file that failed and were skipped, a line each.
        fatal: Why no request can be made any more: the answer cannot be loaded, or is out of time.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        module: str,
        submission: Submission,
        terms: Terms,
        limits: Limits | None = None,
        used: WorkerHandle | None = None,
    ) -> None:
        """Begin with an answer; nothing is started yet.

        Args:
            terms: Whether its checks hold handles, and what is seeded before each cell.
            limits: Of time, instead of the sandbox's own.
            used: A worker that has run another version of the same answer, and is used again.
        """
        self.passed_over: tuple[str, ...] = ()
        self.fatal: SubmissionError | None = None
        self._sandbox = sandbox
        # What a worker receives of the answer.
        modules = [list(each) for each in submission.modules]
        self._about = [module, submission.name, list(submission.cells), modules]
        self._mode = terms.mode
        self._seeds = [] if terms.seeds is None else [[*terms.seeds]]
        self._used = used
        before = used.cpu_seconds() if used is not None else 0.0
        self._budget = Budget(limits or sandbox.limits, before)
        self._worker: WorkerHandle | None = None
        self._was_renewed = False
        # Statements that lost a worker, by number, and how. None while the file is run as a whole.
        self._without: dict[int, str] | None = None

    def up_to(self, cells: tuple[str, ...]) -> LoadedAnswer:
        """The answer as it was after its first cells: in a worker of its own, of the same time.

        Of this one the worker has to be there: which statements hang is known then.
        """
        made = copy.copy(self)
        made._about = [*self._about[:2], [*cells], self._about[3]]  # noqa: SLF001  # of this class
        made._worker, made._without = None, copy.copy(self._without)  # noqa: SLF001
        return made

    def worker(self, show_printed: Callable[[str], None]) -> WorkerHandle:
        """The worker with the answer in it; a new one if the last was lost.

        Args:
            show_printed: Called with what the file prints, if it has to be run.

        Raises:
            SubmissionError: the answer cannot be loaded.
        """
        if self._worker is not None:
            return self._worker
        if self._was_renewed:
            show_printed = _ignore  # it has been shown
        # First run the file as a whole, which is quicker. If that loses the worker, run it one
        # statement at a time, without those that lose a worker, in this and in all later workers.
        try:
            if self._without is None and (lost := self._load(show_printed)) is not None:
                self._without = {}
                self._load_in_steps(self._without, lost, show_printed)
            elif self._without is not None:
                self._load_in_steps(self._without, None, show_printed)
        except SubmissionError as error:
            self.fatal = error.anew()
            raise
        assert self._worker is not None
        return self._worker

    def for_check(self, worker: WorkerHandle) -> Allowance:
        """The time that a check may use.

        Raises:
            SubmissionError: no time is left.
        """
        try:
            return self._budget.for_check(worker)
        except SubmissionError as error:
            self.fatal = error.anew()
            raise

    def send(
        self, worker: WorkerHandle, requests: list[wire.Pieces], allowance: Allowance
    ) -> tuple[list[wire.Received], WorkerLost | None]:
        """Send requests together; return the replies, and how the worker was lost, if it was."""
        before = worker.cpu_seconds()
        replies: list[wire.Received] = []
        try:
            replies.extend(worker.exchange(requests, allowance))
        except WorkerLost as error:
            # After a timeout the whole allowance counts as used, even if the worker only slept:
            # otherwise an answer that sleeps in every check would never run out of time.
            timed_out = error.ending == "timed_out"
            spent = allowance.cpu_start + allowance.seconds
            self.forget(max(before, spent if timed_out else worker.spent))
            # Without its traceback, which would keep the replies in memory.
            return replies, error.with_traceback(None)
        return replies, None

    def refuse(self, error: wire.Malformed, what: object) -> SubmissionError:
        """End the worker, which has sent no proper reply; return the error to raise."""
        if (worker := self._worker) is not None:
            worker.close()
            self.forget(worker.spent)
        return SubmissionError.of(without_data(error), what)

    def renew(self) -> None:
        """End the worker, so that the next request loads the answer again.

        Not if that might take the time that the checks need.
        """
        worker = self._worker
        if worker is not None and self._budget.is_ample(worker):
            worker.close()
            self.forget(worker.spent)
            self._was_renewed = True

    def give_up(self) -> None:
        """End the worker during a request of another thread, which fails then."""
        if self._worker is not None:
            self._worker.give_up()

    def forget(self, cpu_seconds: float) -> None:
        """Note that the worker is gone, and the CPU time it used; the next request starts one."""
        self._budget.note_end(cpu_seconds)
        self._worker = None

    def close(self) -> None:
        """End the worker."""
        for worker in (self._worker, self._used):
            if worker is not None:
                worker.close()
                self._budget.note_end(worker.spent)
        self._worker = self._used = None

    def release(self) -> WorkerHandle | None:
        """Give the worker away if it can run another version of the answer; else end it."""
        worker, self._worker = self._used or self._worker, None
        self._used = None
        if worker is None or (self._without is None and self.fatal is None):
            return worker
        worker.close()
        return None

    def _load(self, show_printed: Callable[[str], None]) -> SubmissionError | None:
        """Run the answer's file as a whole; return how the worker was lost, if it was."""
        # The used worker is taken only once; if it is lost, a new one replaces it.
        used, self._used = self._used, None
        worker = self._worker = used if used is not None else self._sandbox.worker()
        body: list[Any] = self._about
        if self._mode != PLAIN or self._seeds:
            body = [*self._about, self._mode, *self._seeds]
        request = wire.encode("load", 1, body, pickled)
        replies, lost = self.send(worker, [request], self._budget.for_loading(worker))
        if lost is not None:
            return SubmissionError.of(lost, RUNNING)
        self.passed_over = _notes(self._told(replies[0], 1, show_printed))
        return None

    def _load_in_steps(
        self,
        without: dict[int, str],
        lost: SubmissionError | None,
        show_printed: Callable[[str], None],
    ) -> None:
        """Run the file one statement at a time, without those that lost a worker.

        So a statement that hangs or ends the process does not cost the functions of the file.

        Args:
            without: Such statements by number, and how they lost it; new ones are added.
            lost: How the worker was lost that ran the file as a whole.
            show_printed: As in `worker`.

        Raises:
            SubmissionError: it cannot be run, or without these statements it has no function.
        """
        while (ending := self._run_steps(without, lost, show_printed)) is not None:
            number, error = ending
            lost = lost or SubmissionError.of(error, RUNNING)
            # Lost there again, without the statement: so the statement is not the cause.
            if number < 0 or number in without or len(without) >= LEFT_OUT:
                raise lost.anew()
            without[number] = LOST_AT.get(error.ending, "ended the process")

    def _run_steps(
        self,
        without: dict[int, str],
        whole: SubmissionError | None,
        show_printed: Callable[[str], None],
    ) -> tuple[int, WorkerLost] | None:
        """Run the file in a new worker; return at which statement that was lost, and how."""
        worker = self._worker = self._sandbox.worker()
        allowance = self._budget.for_loading(worker)
        body = [*self._about, self._mode, without, *self._seeds]
        request = wire.encode("load_in_steps", 1, body, pickled)
        for number in range(1, STATEMENTS):  # of the request; the first runs no statement
            replies, lost = self.send(worker, [request], allowance)
            if lost is not None:
                # Request 2 runs statement 0. -1 means: lost before any statement.
                return number - 2, lost
            told = self._told(replies[0], number, show_printed)
            if told is not None:
                notes, has_functions = _end_of_steps(told)
                if whole is not None and not has_functions:
                    raise whole.anew()
                self.passed_over = _notes(notes)
                return None
            request = wire.encode("step", number + 1, None, pickled)
        raise SubmissionError(f"it has more than {STATEMENTS:,} statements at its top level")

    def _told(self, frame: wire.Received, number: int, show_printed: Callable[[str], None]) -> Any:
        """What a worker replied while it ran the file; raise the error if it replied with one."""
        try:
            reply: Reply = reply_in(frame, number)
        except wire.Malformed as error:
            raise self.refuse(error, RUNNING) from None
        show_printed(reply.printed)
        if reply.kind == "raised":
            raise Problem.of(reply.value).while_loading()
        return reply.value


def _ignore(printed: str) -> None:
    """Show nothing."""


def _end_of_steps(told: Any) -> tuple[Any, bool]:
    """What was passed over, and whether there is a function, as a worker says at the end.

    A worker may say anything: what has another form counts as no function.
    """
    return (told[0], told[1] is True) if isinstance(told, tuple) and len(told) == 2 else ((), False)


def _notes(told: Any) -> tuple[str, ...]:
    """What a worker says it passed over, if that is what it is."""
    if not isinstance(told, list) or not all(isinstance(note, str) for note in told):
        raise SubmissionError("it sent back no proper data", "malformed")
    return tuple(clean(note, LINE_CHARACTERS).replace("\n", " ") for note in told[:NOTES])
