"""The run loop inside pytest: waits for submissions, and runs every check on each of them."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple

import pytest

from gradekit.grading.assertions import is_of_message
from gradekit.grading.judge import JUDGE, ExampleItem, Judge, is_manual, is_verdict, raised_at
from gradekit.grading.memo import Memo
from gradekit.grading.mistakes import Print
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run
from gradekit.grading.truth import Inputs, Truth
from gradekit.report import Check

FEW, MANY = 4, 8  # 4 runs may restart, and one more for every 8 runs


class Declared(NamedTuple):
    """The truths and inputs with which a counterexample to a check is sought."""

    truths: list[Truth]  # of the function; a check may use any of them
    own: list[Inputs]  # that the check itself declares

    def used_by(self, check: str) -> tuple[Truth, list[Inputs]]:
        """The truth that a check of that name used last, and the inputs to try, in this order."""
        truth = next((each for each in self.truths if check in each.regimes), self.truths[0])
        others = [inputs for each in self.truths for inputs in each.inputs]
        return truth, [*self.own, *(truth.inputs or dict.fromkeys(others))]


class Plan(NamedTuple):
    """Which checks to run, in which order; the first check of `must` that fails ends the run."""

    names: tuple[str, ...]
    must: frozenset[str]


class Job(NamedTuple):
    """A submission to be graded; see `Session.examine`."""

    run: Run
    until_failure: bool
    remember: bool
    timeouts: int | None
    plan: Plan | None = None


class Channel:
    """What a session and its pytest thread send each other."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()  # None: no more
        # Checks, and the prints of those that failed; None: there will be no more.
        self.results: SimpleQueue[tuple[list[Check], dict[str, Print]] | None] = SimpleQueue()
        self.has_collected = threading.Event()  # or has failed to
        self.declared: dict[str, Declared] = {}  # by the names of checks
        self.problem = "pytest ended"  # why there are no results


class Loop:
    """The hooks that make a pytest session wait for submissions."""

    # Importing two graders at once is not thread-safe: pytest changes sys.modules and
    # sys.meta_path meanwhile, which belong to the whole process.
    one_collects = threading.Lock()

    def __init__(self, channel: Channel, seconds: float) -> None:
        """`seconds` is what all checks of a submission may take together."""
        self._channel = channel
        self._seconds = seconds
        self._memo = Memo()
        self._collecting = False
        self._jobs = self._restarts = 0  # how many runs there were, and how many of them restarted
        self._stopped: Counter[str] = Counter()  # runs until a failure, by the check that failed

    def begin_collecting(self) -> None:
        """Wait until no other session of this process is importing its grader."""
        self._collecting = self.one_collects.acquire()

    def end_collecting(self) -> None:
        """Let the next session import its grader; harmless when done twice."""
        if self._collecting:
            self._collecting = False
            self.one_collects.release()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.end_collecting()
        channel = self._channel
        if session.testsfailed:
            return True
        checks = _collected(session.items)
        if not checks:
            channel.problem = "there is no check in it"
            return True
        channel.declared = _declared(checks)
        channel.has_collected.set()
        judge = session.config.stash[JUDGE]
        while (job := channel.jobs.get()) is not None:
            judge.begin_submission(job.run)
            if job.plan is None:
                self._run_job(job, checks, judge)
            else:
                self._run_plan(job, job.plan, checks, judge)
            channel.results.put((judge.checks, judge.prints))
        return True

    def _run_job(self, job: Job, checks: list[_Collected], judge: Judge) -> None:
        """Run every check once; with requests of several checks together, where that works."""
        may_ask = job.remember and not job.until_failure and not job.run.has_handles
        # An answer that is graded twice costs more than many others save.
        together = may_ask and self._restarts <= FEW + self._jobs // MANY
        self._jobs += 1
        if job.until_failure:
            # What fails one wrong answer often fails the next one, too.
            checks = sorted(checks, key=lambda check: -self._stopped[check.item.name])
        self._run_checks(job, checks, judge, together=together)
        if job.run.must_restart:
            self._restarts += 1
            job.run.restart()
            judge.begin_submission(job.run)
            self._run_checks(job, checks, judge)

    def _run_checks(
        self, job: Job, checks: list[_Collected], judge: Judge, *, together: bool = False
    ) -> None:
        """Run every check once, in the grader's order, with one exception.

        Once a function has cost its worker (it hung, crashed, or filled the memory), or has taken
        more than its share of the time for all functions, its other checks are run at the end, so
        that they do not use up the time of the other functions. After each that hangs, the next
        has half of the time: an endless loop would take that of the whole answer.
        """
        done = judge.checks
        share = self._seconds / len({check.function for check in checks})
        taken: defaultdict[str, float] = defaultdict(float)
        timeouts: Counter[str] = Counter()
        costly: set[str] = set()
        waiting: list[_Collected] = []
        for number, check in enumerate(checks, 1):
            if check.function in costly:
                waiting.append(check)
                continue
            later = checks[number:] if together and not costly else ()
            self._run_check(job, check, checks, judge, later)
            if job.run.must_restart:
                return
            if not done:
                continue
            last = done[-1]
            if job.until_failure and last.outcome in ("failed", "not_run") and last.max_score:
                self._stopped[last.name] += 1
                return
            taken[last.function] += last.seconds
            timeouts[last.function] += last.ending == "timed_out"
            lost_its_worker = last.ending in ("timed_out", "crashed", "out_of_memory")
            if lost_its_worker or taken[last.function] > share:
                costly.add(last.function)
        for check in waiting:
            if job.timeouts is not None and timeouts[check.function] >= job.timeouts:
                _give_up(judge, check, timeouts[check.function])
                continue
            job.run.timeouts = timeouts[check.function]
            self._run_check(job, check, checks, judge)
            timeouts[check.function] += done[-1].ending == "timed_out"
        job.run.timeouts = 0
        if waiting:  # reports are in the grader's order
            place = {check.item.name: index for index, check in enumerate(checks)}
            done.sort(key=lambda check: place[check.name])

    def _run_plan(self, job: Job, plan: Plan, checks: list[_Collected], judge: Judge) -> None:
        by_name = {check.item.name: check for check in checks}
        for name in plan.names:
            self._run_check(job, by_name[name], checks, judge)
            if name in plan.must and (not judge.checks or judge.checks[-1].outcome != "passed"):
                return

    def _run_check(
        self,
        job: Job,
        check: _Collected,
        checks: list[_Collected],
        judge: Judge,
        later: Sequence[_Collected] = (),
    ) -> None:
        """Run a check that asks for nothing but the submission; leave any other to pytest.

        pytest's own way to do it takes longer than most checks, and names the running test in the
        environment, which all sessions of a process share.
        """
        item = check.item
        if check.alone is None:
            # A next item makes pytest keep the fixtures that both share, for the next submission
            # too; any other item will do.
            next_item = next((other.item for other in checks if other is not check), None)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=next_item)
            return
        judge.begin_check(item)
        started = time.perf_counter()
        judgement = None
        if check.afresh:
            job.run.begin_afresh()
        if job.remember:
            together = itertools.takewhile(lambda other: not other.afresh, later)
            names = [other.item.name for other in together]
            judgement = self._memo.recall(item.name, job.run, names)
        if job.run.must_restart:
            return
        if judgement is None:
            error = _error_of(check.alone)
            judgement = judge.judgement(item, error)
            # Only verdicts on the answer: where the check itself failed with an error of ours, the
            # next answer with the same replies deserves another try.
            asked = job.run.state.asked
            if job.remember and asked and is_verdict(error):
                self._memo.learn(item.name, asked, judgement)
        judge.note(judgement, time.perf_counter() - started)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._channel.problem = _without_traceback(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self._channel.problem = excinfo.exconly()
        return True  # reported as a GraderError; nothing is printed


def _give_up(judge: Judge, check: _Collected, timeouts: int) -> None:
    """Fail a check without trying it."""
    judge.begin_check(check.item)
    text = f"not tried: {timeouts} other checks of {check.function} ran out of time"
    error = SubmissionError(text, "timed_out")
    judge.note(judge.judgement(check.item, error), 0.0)


def _error_of(run: Callable[[], object]) -> BaseException | None:
    """What `run` raised, without the frames that it passed through: they hold what came back.

    pytest's `CallInfo` keeps them in a cycle, and some 100 MiB a check with them.
    """
    try:
        run()
    except BaseException as error:
        if not is_verdict(error):
            raised_at(error)
            is_of_message(error)
        error.__context__ = None  # it has frames of its own
        return error.with_traceback(None)
    return None


def _without_traceback(text: str) -> str:
    """Where a file could not be collected, and the error: what pytest marks with an E."""
    lines = text.splitlines()
    place = [line.removesuffix(": in <module>") for line in lines if line.endswith("in <module>")]
    error = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return ": ".join([*place[-1:], " ".join(error)]) if error else text


class _Collected(NamedTuple):
    """A check as pytest found it."""

    item: pytest.Item
    function: str  # that it judges
    alone: Callable[[], object] | None  # runs it, where it asks for nothing but the submission
    afresh: bool  # an answer that may keep something is loaded anew before it


def _collected(items: list[pytest.Item]) -> list[_Collected]:
    """The checks among the tests of a grader."""
    found = []
    for item in items:
        if (marker := item.get_closest_marker("check")) is None:
            continue
        alone = None
        if is_manual(item):
            alone = _nothing
        elif isinstance(item, ExampleItem):
            alone = item.runtest
        elif isinstance(item, pytest.Function) and _takes_submission_only(item):
            alone = partial(item.obj, item.config.stash[JUDGE].proxy)
        afresh = bool(marker.kwargs.get("afresh"))
        found.append(_Collected(item, marker.kwargs["function"], alone, afresh))
    return found


def _nothing() -> None:
    """What there is to run of a check that a person marks."""


def _declared(checks: list[_Collected]) -> dict[str, Declared]:
    """The truths that a grader declares, by the names of the checks of their functions."""
    found: dict[str, Declared] = {}
    for check in checks:
        module = getattr(check.item, "module", None)
        marker = check.item.get_closest_marker("check")
        own = marker.kwargs.get("inputs") if marker else None
        truths = [
            each
            for each in (vars(module).values() if module is not None else ())
            if isinstance(each, Truth) and each.function == check.function
        ]
        if truths:
            found[check.item.name] = Declared(truths, [] if own is None else [own])
    return found


def _takes_submission_only(item: pytest.Function) -> bool:
    """Whether there is no other fixture to set up; `submission` itself asks for `request`."""
    return set(item.fixturenames) == {"submission", "request"} and (
        item.function.__code__.co_argcount == 1
    )
