"""A warm grader: one pytest session whose checks are collected once and run again and again.

pytest runs in a thread of its own, and inside its own run loop waits for submissions.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple

import pytest

from gradekit.course import Course, Exercise
from gradekit.errors import GraderError
from gradekit.grading import mistakes, plugin
from gradekit.grading.mistakes import Print
from gradekit.grading.proxy import Run
from gradekit.report import Check, Report
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


Result = tuple[list[Check], dict[str, Print]]


class Job(NamedTuple):
    """What the pytest thread is to do next."""

    run: Run
    until_failure: bool


class Session:
    """Grades submissions of one exercise, one after the other."""

    def __init__(self, course: Course, exercise: Exercise, sandbox: Sandbox) -> None:
        """Load the grader, while `sandbox` (of this exercise, closed here) warms up."""
        self.exercise = exercise
        self._sandbox = sandbox
        grader = course.grader(exercise)
        self._grader = grader
        self.grader_sha256 = hashlib.sha256(grader.read_bytes()).hexdigest()
        self._known = mistakes.load(grader, self.grader_sha256)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._problem = "pytest ended"
        self._thread = threading.Thread(target=self._serve, daemon=True, name="grader")
        self._thread.start()

    def grade(self, submission: Submission) -> Report:
        """Run all checks on a submission.

        Raises:
            GraderError: the grader is broken.
            SandboxError: no worker could be made.
        """
        return self.examine(submission)[0]

    def examine(
        self, submission: Submission, *, until_failure: bool = False
    ) -> tuple[Report, dict[str, Print]]:
        """As `grade`, but with the prints of the failed checks, by name.

        Args:
            until_failure: Stop at the first check that costs points.
        """
        if not self._thread.is_alive():
            raise GraderError(self._problem)
        started = time.perf_counter()
        run = Run(self._sandbox, self.exercise.name, submission)
        self._jobs.put(Job(run, until_failure))
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
            seconds=round(time.perf_counter() - started, 6),
            submission_sha256=submission.sha256,
            grader_sha256=self.grader_sha256,
            checks=tuple(checks),
            behaves_like=self._known.name(checks, prints) if self._known else {},
        )
        return report, prints

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
            self._results.put(None)


class _Loop:
    """The hooks that make a pytest session wait for submissions."""

    one_collects = threading.Lock()  # pytest's imports do not bear company

    def __init__(self, session: Session) -> None:
        self._session = session
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
        items = [item for item in session.items if _judged_function(item)]
        if not items:
            ours._problem = "there is no check in it"
            return True
        while (job := ours._jobs.get()) is not None:
            stash[plugin.PROXY]._run = job.run
            checks, prints = stash[plugin.CHECKS], stash[plugin.PRINTS]
            seconds = ours.exercise.limits.submission_seconds
            _run_checks(items, checks, job.until_failure, seconds)
            ours._results.put((checks.copy(), prints.copy()))
            checks.clear()
            prints.clear()
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Run a check that asks for nothing but the submission; leave any other to pytest.

        pytest's own way to do it takes longer than most checks, and names the running test in the
        environment, which all sessions of a process share.
        """
        submission = item.config.stash[plugin.PROXY]
        if isinstance(item, plugin.ExampleItem):
            run = item.runtest
        elif isinstance(item, pytest.Function) and _takes_submission_only(item):
            run = partial(item.obj, submission)
        else:
            return None
        submission._running.begin_check()
        started = time.perf_counter()
        error = _error_of(run)
        plugin.judge(item, error, time.perf_counter() - started)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._session._problem = _without_traceback(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self._session._problem = excinfo.exconly()
        return True  # told through GraderError; nothing is printed


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


def _run_checks(
    items: list[pytest.Item], checks: list[Check], until_failure: bool, seconds: float
) -> None:
    """Run every check once, in order of the grader, but for one thing.

    Once a function cost its worker (it hung, crashed, or filled the memory), or took more than
    its share of the `seconds` that all have together, its other checks wait until the end, so
    that they do not use up the time of the other functions.
    """
    share = seconds / len({_judged_function(item) for item in items})
    taken: defaultdict[str, float] = defaultdict(float)
    costly: set[str] = set()
    waiting: list[pytest.Item] = []
    for item in items:
        if _judged_function(item) in costly:
            waiting.append(item)
            continue
        _run_check(item, items)
        if not checks:
            continue
        check = checks[-1]
        if until_failure and check.outcome != "passed" and check.max_score:
            return
        taken[check.function] += check.seconds
        lost_its_worker = check.ending in ("timed_out", "crashed", "out_of_memory")
        if lost_its_worker or taken[check.function] > share:
            costly.add(check.function)
    for item in waiting:
        _run_check(item, items)
    place = {item.name: number for number, item in enumerate(items)}
    checks.sort(key=lambda check: place[check.name])


def _run_check(item: pytest.Item, items: list[pytest.Item]) -> None:
    # pytest takes a next item to mean "keep the fixtures they share": any other will do.
    next_item = next((other for other in items if other is not item), None)
    item.ihook.pytest_runtest_protocol(item=item, nextitem=next_item)


def _takes_submission_only(item: pytest.Function) -> bool:
    """Whether there is no other fixture to set up; `submission` itself asks for `request`."""
    return set(item.fixturenames) == {"submission", "request"} and (
        item.function.__code__.co_argcount == 1
    )


def _judged_function(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("check")
    return marker.kwargs["function"] if marker else None
