"""A warm grader: one pytest session whose checks are collected once and run again and again.

pytest runs in a thread of its own, and inside its own run loop waits for submissions.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple

import pytest

from gradekit.causes import causes
from gradekit.course import Course, Exercise
from gradekit.errors import GraderError
from gradekit.grading import mistakes, plugin
from gradekit.grading.counterexample import Found, key_of, smallest
from gradekit.grading.memo import Memo
from gradekit.grading.mistakes import Print
from gradekit.grading.proxy import Run, SubmissionError
from gradekit.grading.truth import Inputs, Truth
from gradekit.report import Check, Counterexample, Report, clean
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.warmup import warm_up
from gradekit.submission import Submission

# Nothing of the place where kit is called decides a grade: no settings, no plugins.
ARGUMENTS = [
    "--capture=no", "--import-mode=importlib", "--noconftest",
    "--disable-plugin-autoload", "-c", "/dev/null",
    *(f"-pno:{name}" for name in (
        "terminal", "cacheprovider", "faulthandler", "logging", "junitxml", "pastebin",
        "doctest", "stepwise", "setuponly", "setupplan", "debugging", "warnings",
        "unraisableexception", "threadexception",  # they collect garbage at the end
    )),
]  # fmt: skip
SEARCHES = 2  # for one cause: its checks may declare inputs of their own


class Declared(NamedTuple):
    """Where a counterexample to a check is to be looked for."""

    truth: Truth
    inputs: list[Inputs]  # in the order in which they are to be tried


Result = tuple[list[Check], dict[str, Print]]


class Job(NamedTuple):
    """What the pytest thread is to do next."""

    run: Run
    until_failure: bool
    remember: bool
    timeouts: int | None


class Session:
    """Grades submissions of one exercise, one after the other."""

    def __init__(
        self, course: Course, exercise: Exercise, sandbox: Sandbox, seed: int = 0
    ) -> None:
        """Load the grader, while `sandbox` (of this exercise, closed here) warms up.

        Args:
            seed: Decides which cases the checks draw, for all submissions alike.
        """
        self.exercise = exercise
        self.seed = seed
        self._sandbox = sandbox
        grader = course.grader(exercise)
        self._grader = grader
        self.grader_sha256 = hashlib.sha256(grader.read_bytes()).hexdigest()
        self._known = mistakes.load(grader, self.grader_sha256)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._problem = "pytest ended"
        self._has_collected = threading.Event()  # or has failed to
        self._declared: dict[str, Declared] = {}  # by the names of checks
        self._thread = threading.Thread(target=self._serve, daemon=True, name="grader")
        self._thread.start()

    def wait_until_warm(self) -> None:
        """Return when the libraries are loaded on both sides, so that grading begins at once.

        Raises:
            SandboxError: the sandbox did not start.
        """
        self._has_collected.wait()
        _ = self._sandbox.isolation  # known once its process is warm

    def grade(self, submission: Submission, *, timeouts: int | None = None) -> Report:
        """Run all checks on a submission.

        Args:
            timeouts: After so many checks of one function that ran out of time, its others are
                not tried, and fail; None tries all.
        Raises:
            GraderError: the grader is broken.
            SandboxError: no worker could be made.
        """
        return self.examine(submission, timeouts=timeouts)[0]

    def examine(
        self,
        submission: Submission,
        *,
        until_failure: bool = False,
        remember: bool = True,
        timeouts: int | None = None,
    ) -> tuple[Report, dict[str, Print]]:
        """As `grade`, but with the prints of the failed checks, by name.

        Args:
            until_failure: Stop at the first check that costs points.
            remember: Replies that were judged before need not be judged again; see memo.py.
            timeouts: As for `grade`.
        """
        if not self.is_alive:
            raise GraderError(self._problem)
        started = time.perf_counter()
        run = Run(self._sandbox, self.exercise.name, submission, self.seed)
        self._jobs.put(Job(run, until_failure, remember, timeouts))
        try:
            result = self._results.get()
        finally:
            run.close()
        if result is None:
            raise GraderError(self._problem)
        checks, prints = result
        report = Report(
            exercise=self.exercise.name,
            score=sum(check.score for check in checks),
            max_score=sum(check.max_score for check in checks),
            isolation=self._sandbox.isolation,
            seed=self.seed,
            seconds=round(time.perf_counter() - started, 6),
            submission_sha256=submission.sha256,
            grader_sha256=self.grader_sha256,
            checks=tuple(checks),
            passed_over=(*submission.notes, *run.passed_over),
            behaves_like=self._known.name(checks, prints) if self._known else {},
        )
        return report, prints

    def explained(
        self,
        submission: Submission,
        report: Report,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Report:
        """The report, with a counterexample to what explains most of its failures.

        Call it while nothing is being graded.

        Args:
            is_wanted: Asked often: whether anybody still waits for it.
        """
        for cause in causes(report)[:1]:
            searchable = [check for check in cause.checks if check.name in self._declared]
            for check in searchable[:SEARCHES]:
                if found := self.counterexample(submission, check, is_wanted):
                    line, code = found.place
                    example = Counterexample(
                        call=clean(found.call),
                        expected=clean(found.expected),
                        got=clean(found.got),
                        line=line,
                        code=clean(code),
                    )
                    return report.with_counterexample(check.name, example)
        return report

    def counterexample(
        self,
        submission: Submission,
        check: Check,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Found | None:
        """The smallest input found on which the answer is wrong as in this failed check.

        None where the function has no declared truth, where the answer cannot be asked so often
        (it hangs, or is not written), and where nothing was found. Call it while nothing is
        being graded.
        """
        declared = self._declared.get(check.name)
        if declared is None or not check.kind or check.ending != "finished":
            return None
        run = Run(self._sandbox, self.exercise.name, submission, self.seed)
        try:
            graded = {key_of(*case) for case in declared.truth.graded}
            return smallest(declared.truth, declared.inputs, run, check.kind, graded, is_wanted)
        finally:
            run.close()

    @property
    def is_alive(self) -> bool:
        """Whether it can grade; once it failed, it never will again."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the session and its sandbox."""
        self._jobs.put(None)
        self._thread.join(5)
        self._sandbox.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        loop = _Loop(self)
        try:
            warm_up(self.exercise.modules)
            loop.begin_collecting()
            # pytest would take a module of that name as it is, though it may be an older
            # version of this grader, or its namesake in another course.
            for name in [*sys.modules]:
                if name.rpartition(".")[2] == self._grader.stem:
                    del sys.modules[name]
            pytest.main([*ARGUMENTS, str(self._grader)], plugins=[plugin, loop])
        except BaseException as error:
            self._problem = f"{type(error).__name__}: {error}"
        finally:
            loop.end_collecting()
            self._has_collected.set()
            self._results.put(None)


class _Loop:
    """The hooks that make a pytest session wait for submissions."""

    one_collects = threading.Lock()  # pytest's imports do not bear company

    def __init__(self, session: Session) -> None:
        self._session = session
        self._memo = Memo()
        self._collecting = False

    def begin_collecting(self) -> None:
        """Wait until no other session of this process is importing its grader."""
        self._collecting = self.one_collects.acquire()

    def end_collecting(self) -> None:
        """Let the next one; harmless when done twice."""
        if self._collecting:
            self._collecting = False
            self.one_collects.release()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.end_collecting()
        ours = self._session
        stash = session.config.stash
        if session.testsfailed:
            return True
        checks = _collected(session.items)
        if not checks:
            ours._problem = "there is no check in it"
            return True
        ours._declared = _declared(checks)
        ours._has_collected.set()
        while (job := ours._jobs.get()) is not None:
            stash[plugin.PROXY]._run = job.run
            done, prints = stash[plugin.CHECKS], stash[plugin.PRINTS]
            seconds = ours.exercise.limits.submission_seconds
            self._run_checks(job, checks, done, seconds)
            ours._results.put((done.copy(), prints.copy()))
            done.clear()
            prints.clear()
        return True

    def _run_checks(
        self, job: Job, checks: list[_Collected], done: list[Check], seconds: float
    ) -> None:
        """Run every check once, in order of the grader, but for one thing.

        Once a function cost its worker (it hung, crashed, or filled the memory), or took more than
        its share of the `seconds` that all have together, its other checks wait until the end, so
        that they do not use up the time of the other functions.
        """
        share = seconds / len({check.function for check in checks})
        taken: defaultdict[str, float] = defaultdict(float)
        timeouts: Counter[str] = Counter()
        costly: set[str] = set()
        waiting: list[_Collected] = []
        for check in checks:
            if check.function in costly:
                waiting.append(check)
                continue
            self._run_check(job, check, checks)
            if not done:
                continue
            last = done[-1]
            if job.until_failure and last.outcome != "passed" and last.max_score:
                return
            taken[last.function] += last.seconds
            timeouts[last.function] += last.ending == "timed_out"
            lost_its_worker = last.ending in ("timed_out", "crashed", "out_of_memory")
            if lost_its_worker or taken[last.function] > share:
                costly.add(last.function)
        for check in waiting:
            if job.timeouts is not None and timeouts[check.function] >= job.timeouts:
                _give_up(job, check, timeouts[check.function])
                continue
            self._run_check(job, check, checks)
            timeouts[check.function] += done[-1].ending == "timed_out"
        if waiting:
            place = {check.item.name: number for number, check in enumerate(checks)}
            done.sort(key=lambda check: place[check.name])

    def _run_check(self, job: Job, check: _Collected, checks: list[_Collected]) -> None:
        """Run a check that asks for nothing but the submission; leave any other to pytest.

        pytest's own way to do it takes longer than most checks, and names the running test in the
        environment, which all sessions of a process share.
        """
        item = check.item
        if check.alone is None:
            # pytest takes a next item to mean "keep the fixtures they share": any other will do.
            next_item = next((other.item for other in checks if other is not check), None)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=next_item)
            return
        job.run.begin_check(item.name)
        started = time.perf_counter()
        judgement = self._memo.recall(item.name, job.run) if job.remember else None
        if judgement is None:
            error = _error_of(check.alone)
            judgement = plugin.judgement(item, error)
            if job.remember and job.run.asked and plugin.is_verdict(error):
                self._memo.learn(item.name, job.run.asked, judgement)
        plugin.note(item, judgement, time.perf_counter() - started)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._session._problem = _without_traceback(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self._session._problem = excinfo.exconly()
        return True  # told through GraderError; nothing is printed


def _give_up(job: Job, check: _Collected, timeouts: int) -> None:
    """Fail a check without trying it."""
    job.run.begin_check(check.item.name)
    text = f"not tried: {timeouts} other checks of {check.function} ran out of time"
    error = SubmissionError(text, "timed_out")
    plugin.note(check.item, plugin.judgement(check.item, error), 0.0)


def _error_of(run: Callable[[], object]) -> BaseException | None:
    """What `run` raised, without the frames that it passed through: they hold what came back.

    pytest's `CallInfo` keeps them in a cycle, and some 100 MiB a check with them.
    """
    try:
        run()
    except BaseException as error:
        error.__context__ = None
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


def _collected(items: list[pytest.Item]) -> list[_Collected]:
    """The checks among the tests of a grader."""
    found = []
    for item in items:
        if (marker := item.get_closest_marker("check")) is None:
            continue
        alone = None
        if isinstance(item, plugin.ExampleItem):
            alone = item.runtest
        elif isinstance(item, pytest.Function) and _takes_submission_only(item):
            alone = partial(item.obj, item.config.stash[plugin.PROXY])
        found.append(_Collected(item, marker.kwargs["function"], alone))
    return found


def _declared(checks: list[_Collected]) -> dict[str, Declared]:
    """The truths that a grader declares, by the names of the checks of their functions."""
    found: dict[str, Declared] = {}
    for check in checks:
        module = getattr(check.item, "module", None)
        marker = check.item.get_closest_marker("check")
        for truth in vars(module).values() if module is not None else ():
            if not isinstance(truth, Truth) or truth.function != check.function:
                continue
            own = marker.kwargs.get("inputs") if marker else None
            inputs = [each for each in (own, truth.inputs) if each is not None]
            if inputs:
                found.setdefault(check.item.name, Declared(truth, inputs))
    return found


def _takes_submission_only(item: pytest.Function) -> bool:
    """Whether there is no other fixture to set up; `submission` itself asks for `request`."""
    return set(item.fixturenames) == {"submission", "request"} and (
        item.function.__code__.co_argcount == 1
    )
