"""Grades the submissions of one exercise, one after the other, with a grader that is loaded once.

pytest runs in a thread of its own. It collects the grader's checks once, and then waits in its run
loop for submissions (see loop.py).
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import msgspec
import pytest

from gradekit.causes import causes
from gradekit.course import Course, Exercise
from gradekit.errors import GraderError, KitError, SandboxError
from gradekit.grading import mistakes, plugin
from gradekit.grading.code import built
from gradekit.grading.confined import confine
from gradekit.grading.counterexample import (
    MOST_PAIRS,
    MOST_ROWS,
    RELATED,
    Fault,
    Found,
    Search,
    fault_of,
    key_of,
    rows_of,
)
from gradekit.grading.loop import Channel, Job, Loop, Plan
from gradekit.grading.mistakes import Print
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.run import Run
from gradekit.grading.shown import call_as_code, numbers_in, show
from gradekit.grading.terms import terms_of
from gradekit.grading.truth import Whole
from gradekit.grading.written import Written
from gradekit.report import Check, Counterexample, Report, clean
from gradekit.sandbox.host import WorkerHandle
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.tiers import FULL
from gradekit.sandbox.warmup import warm_up
from gradekit.submission import Submission

# No settings and no installed plugins: a grade does not depend on the folder or the machine.
# pytest's own plugins that graders do not use are switched off, because each costs time per check.
ARGUMENTS = [
    "--capture=no", "--import-mode=importlib", "--noconftest",
    "--disable-plugin-autoload", "-c", "/dev/null",
    *(f"-pno:{name}" for name in (
        "terminal", "cacheprovider", "faulthandler", "logging", "junitxml", "pastebin",
        "doctest", "stepwise", "setuponly", "setupplan", "debugging", "warnings",
        "unraisableexception", "threadexception",  # they collect garbage at the end
    )),
]  # fmt: skip
CODE_CHARACTERS = 60  # of the line shown with a counterexample; its author has the whole file
SEARCHES = 2  # for one cause: its checks may declare different inputs


def _as_fields(found: Found) -> Counterexample:
    """A counterexample as reports hold it."""
    line, code = found.place
    return Counterexample(
        call=clean(found.call),
        expected=clean(found.expected),
        got=clean(found.got),
        line=line,
        code=clean(code, CODE_CHARACTERS),
        before=clean(found.before),
    )


Probe = tuple[Callable[..., Any], tuple[Any, ...]]  # a function, and its arguments after the answer


class Tried(NamedTuple):
    """The result of trying a version of an answer."""

    checks: tuple[Check, ...]  # in the order in which they were run
    told: Any  # what the last probe returned; not to be trusted, because it ran beside the answer
    worker: WorkerHandle | None  # for the next version, if it can be used again


class Session:
    """Grades submissions of one exercise, one after the other."""

    def __init__(
        self,
        course: Course,
        exercise: Exercise,
        sandbox: Sandbox,
        seed: int = 0,
        *,
        is_lent: bool = False,
    ) -> None:
        """Load the grader, while `sandbox` (of this exercise) warms up.

        Args:
            seed: Decides which cases the checks draw, for all submissions alike.
            is_lent: The sandbox is not closed with the session: others use it, too.
        """
        self.exercise = exercise
        self.seed = seed
        # The checks that have drawn cases: what all others say is the same with any seed.
        self.drawing: set[str] = set()
        self._sandbox, self._is_lent = sandbox, is_lent
        grader = course.grader(exercise)
        self._grader = grader
        self.grader_sha256 = hashlib.sha256(grader.read_bytes()).hexdigest()
        self._terms = terms_of(course, exercise)
        self._written = Written(course, exercise)
        self._known = mistakes.load(grader, self.grader_sha256)
        self._channel = Channel()
        # A daemon thread, so that kit can end even if a check never returns.
        self._thread = threading.Thread(
            target=self._serve, args=(course,), daemon=True, name="grader"
        )
        self._thread.start()

    def wait_until_warm(self) -> None:
        """Return when the libraries are loaded on both sides, so that grading begins at once.

        Raises:
            SandboxError: the sandbox did not start.
        """
        self._channel.has_collected.wait()
        _ = self._sandbox.isolation  # known once its process is warm

    def grade(
        self, submission: Submission, *, timeouts: int | None = None, seed: int | None = None
    ) -> Report:
        """Run all checks on a submission.

        Args:
            seed: Decides which cases the checks draw; None for the session's own.
            timeouts: After so many timeouts of one function, its other checks fail without being
                run; None runs all.
        Raises:
            GraderError: the grader is broken.
            SandboxError: no worker could be made.
        """
        return self.examine(submission, timeouts=timeouts, seed=seed)[0]

    def examine(
        self,
        submission: Submission,
        *,
        until_failure: bool = False,
        remember: bool = True,
        timeouts: int | None = None,
        seed: int | None = None,
        limits: Limits | None = None,
        plan: Plan | None = None,
    ) -> tuple[Report, dict[str, Print]]:
        """As `grade`, but with the prints of the failed checks, by name.

        Args:
            until_failure: Stop at the first check that costs points. Checks at which earlier
                submissions stopped are run first.
            remember: Use the verdicts on equal replies of earlier submissions; see memo.py.
            timeouts, seed: As for `grade`.
            limits: Of time, instead of the exercise's own.
            plan: The checks to run; None for all.
        """
        started = time.perf_counter()
        seed = self.seed if seed is None else seed
        self._sandbox.note("\n".join(submission.cells))
        submission = self._written.completed(submission)
        # The run is made here and closed here; the pytest thread only uses it.
        run = self._run(submission, seed, limits=limits)
        try:
            checks, prints = self._results_of(Job(run, until_failure, remember, timeouts, plan))
        finally:
            run.close()
            self.drawing |= run.drawing
        report = Report(
            exercise=self.exercise.name,
            score=sum(check.score for check in checks),
            max_score=sum(check.max_score for check in checks),
            isolation=self._sandbox.isolation,
            seed=seed,
            seconds=round(time.perf_counter() - started, 6),
            submission_sha256=submission.sha256,
            grader_sha256=self.grader_sha256,
            checks=tuple(checks),
            passed_over=(*submission.notes, *run.passed_over),
            behaves_like=self._known.name(checks, prints) if self._known else {},
        )
        return report, prints

    def tried(
        self,
        submission: Submission,
        plan: Plan,
        limits: Limits,
        used: WorkerHandle | None = None,
        around: tuple[Probe, Probe] | None = None,
    ) -> Tried:
        """Run some checks on a version of an answer, to find out what is wrong with it.

        The next version may use the same worker, which is quicker. What one version leaves behind
        there can only affect other versions of the same answer, and no grade.

        Args:
            limits: Of time, instead of the exercise's own.
            used: The worker of the version before.
            around: Two probes: one is run before the checks, one after them.
        Raises:
            GraderError: the grader is broken.
            SandboxError: no worker could be made.
        """
        run = self._run(submission, limits=limits, used=used)
        told = None
        try:
            begin, end = around or (None, None)
            if begin is not None:
                _ask(run, begin)
            checks, _ = self._results_of(Job(run, False, True, None, plan))
            if end is not None:
                told = _ask(run, end)
        except BaseException:
            run.close()
            raise
        return Tried(tuple(checks), told, run.release())

    def _results_of(self, job: Job) -> tuple[list[Check], dict[str, Print]]:
        """Give a job to the pytest thread; return its checks, and the prints of failed ones.

        Raises:
            GraderError: the grader is broken.
        """
        if not self.is_alive:
            raise GraderError(self._channel.problem)
        self._channel.jobs.put(job)
        result = self._channel.results.get()
        if result is None:
            self._channel.results.put(None)  # for whoever asks before the thread has ended
            raise GraderError(self._channel.problem)
        return result

    def asked(self, submission: Submission, probe: Probe, limits: Limits) -> Any:
        """Run a probe beside an answer and return its value, which is not to be trusted.

        None if the answer cannot be loaded, or the probe fails.
        """
        run = self._run(submission, limits=limits)
        try:
            return _ask(run, probe)
        finally:
            run.close()

    def explained(
        self,
        submission: Submission,
        report: Report,
        is_wanted: Callable[[], bool] = lambda: True,
        most: int = 1,
    ) -> Report:
        """The report, with a counterexample for the cause that explains most of its failures.

        Call it while nothing is being graded.

        Args:
            is_wanted: Called often; returns False when the counterexample is of no use any more.
            most: How many causes get a counterexample, beginning with the first.
        """
        shown: dict[str, set[str]] = {}  # cases by function; each is shown only once
        for cause in [each for each in causes(report) if each.outcome == "failed"][:most]:
            searchable = [check for check in cause.checks if check.name in self._channel.declared]
            for check in searchable[:SEARCHES]:
                known = shown.setdefault(check.function, set())
                if found := self.counterexample(submission, check, is_wanted, known):
                    known.add(key_of(*found.case))
                    report = report.with_counterexample(check.name, _as_fields(found))
                    break
        return msgspec.structs.replace(report, explained=True)

    def counterexample(
        self,
        submission: Submission,
        check: Check,
        is_wanted: Callable[[], bool] = lambda: True,
        shown: Collection[str] = (),
    ) -> Found | None:
        """The smallest input found on which the answer is wrong in the way of this failed check.

        None if the function has no declared truth, if the answer cannot be called (it hangs, or
        is not written), or if nothing was found. Call it while nothing is being graded.

        Args:
            shown: Cases that must not be found again, as keys by `key_of`.
        """
        declared = self._channel.declared.get(check.name)
        if declared is None or not check.kind or check.ending != "finished":
            return None
        # The cases that checks grade with stay hidden, even if the search finds one by chance.
        graded = {key_of(*case) for each in declared.truths for case in each.graded} | {*shown}
        truth, inputs = declared.used_by(check.name)
        regimes = [*truth.regimes.get(check.name, {}).values()]
        strictest = truth.tolerance_of(check.name)
        for tolerance in dict.fromkeys([(truth.rtol, truth.atol), strictest]):
            run = self._run(submission)
            search = Search(truth, run, check.kind, graded, is_wanted, tolerance)
            try:
                found = search.among(inputs)
                if found is None or not found.fits:
                    found = search.near(regimes) or found
            finally:
                run.close()
            if found is not None:
                break
        # Once more in a new worker: an answer that keeps state between calls may give another
        # value there, and its author could not reproduce what the report shows.
        if found is not None and self._is_reproduced(submission, check, found):
            return found
        return self._in_two_calls(submission, check, search, is_wanted)

    def _is_reproduced(self, submission: Submission, check: Check, found: Found) -> bool:
        fault = self.departure(submission, check, *found.case)
        return fault is not None and (fault.expected, fault.got) == (found.expected, found.got)

    def _in_two_calls(
        self, submission: Submission, check: Check, search: Search, is_wanted: Callable[[], bool]
    ) -> Found | None:
        """A call on which the answer is wrong only after another call, or the second time."""
        smallest = sorted(search.pairs, key=lambda pair: (numbers_in(pair), str(pair)))
        twice = [(case, case) for _, case in smallest]
        # First the same call twice, which is easier to read than two different calls.
        for first, second in [*twice[:MOST_PAIRS], *smallest[:MOST_PAIRS]]:
            if not is_wanted():
                break
            call, before = (call_as_code(check.function, *each) for each in (second, first))
            if rows_of(call) + (rows_of(before) if before != call else 1) > MOST_ROWS:
                continue
            args, keywords = second
            if self.departure(submission, check, args, keywords) is not None:
                continue  # it is wrong without the first call, too
            fault = self.departure(submission, check, args, keywords, before=first)
            if fault is not None and fault.kind in (check.kind, RELATED.get(check.kind)):
                shown = fault.expected, fault.got
                return Found(call, *shown, args, keywords, fault.place, before)
        return None

    def departure(
        self,
        submission: Submission,
        check: Check,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        before: Whole | None = None,
    ) -> Fault | None:
        """How the answer differs from the truth of a check, for these arguments.

        None if it does not differ, or if the check's function has no declared truth.

        Args:
            before: Arguments and keywords of a call that is made first. If that is wrong already,
                the result is None.
        """
        declared = self._channel.declared.get(check.name)
        if declared is None:
            return None
        run = self._run(submission)
        try:
            run.begin_check("call")
            asked = SubmissionProxy(Current(run))
            truth, _ = declared.used_by(check.name)
            more = check.kind == "changed", truth.tolerance_of(check.name)
            if before is not None and fault_of(truth, asked, *before, *more) is not None:
                return None
            return fault_of(truth, asked, args, keywords, *more)
        finally:
            run.close()

    def _run(self, submission: Submission, seed: int | None = None, **more: Any) -> Run:
        """A new run of a submission."""
        seed = self.seed if seed is None else seed
        submission = self._written.completed(submission)
        return Run(self._sandbox, self.exercise.name, submission, seed, terms=self._terms, **more)

    def expected(
        self, function: str, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> str | None:
        """What a call should return, as text; None if no truth is declared for the function.

        Raises:
            KitError: the truth cannot be computed for these arguments.
        """
        self._channel.has_collected.wait()
        declared = (each.truths[0] for each in self._channel.declared.values())
        truth = next((each for each in declared if each.function == function), None)
        if truth is None:
            return None
        try:
            value = truth.value(args, keywords)
        except Exception as error:  # any arguments may be given, also ones that make no sense
            raise KitError(
                f"What {function} should give there cannot be worked out "
                f"({type(error).__name__}: {error}): are these arguments that the stub allows?"
            ) from None
        return type(value).__name__ if isinstance(value, BaseException) else show(value)

    def ways_of(self, submission: Submission) -> dict[str, frozenset[str]]:
        """What each check of a submission used besides plain data, by the check's name.

        `handles`: it held objects of the answer. `judged`: it asked such an object whether it
        equals, contains or precedes another one, or is true. `written`: the answer changed an
        argument in place. `callbacks`: the answer called functions of the check.

        Raises:
            GraderError: the grader is broken.
        """
        run = self._run(submission)
        try:
            self._results_of(Job(run, until_failure=False, remember=False, timeouts=None))
        finally:
            run.close()
        return {name: frozenset(ways) for name, ways in run.ways.items()}

    @property
    def is_alive(self) -> bool:
        """Whether it can grade; after a failure it never can again."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the session, and its sandbox unless that is lent."""
        self._channel.jobs.put(None)
        self._thread.join(5)  # no longer, because a check may never return
        if not self._is_lent:
            self._sandbox.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, course: Course) -> None:
        loop = Loop(self._channel, self.exercise.limits.submission_seconds)
        try:
            warm_up(self.exercise.known_modules)
            if self.exercise.imported and self._sandbox.isolation == FULL:
                confine(course, self.exercise)
            loop.begin_collecting()
            # pytest would use a loaded module of the same name. That may be an older version of
            # this grader, or a grader of another course.
            for name in [*sys.modules]:
                if name.rpartition(".")[2] == self._grader.stem:
                    del sys.modules[name]
            # Without this, pytest looks into the folders above, such as /tmp or a home folder.
            alone = f"--confcutdir={self._grader.parent}"
            pytest.main([*ARGUMENTS, alone, str(self._grader)], plugins=[plugin, loop])
        except BaseException as error:
            self._channel.problem = f"{type(error).__name__}: {error}"
        finally:
            # However pytest ended, release everybody who waits: the next session that wants to
            # collect, and callers that wait for the end of collecting or for a result.
            loop.end_collecting()
            self._channel.has_collected.set()
            self._channel.results.put(None)


def _ask(run: Run, probe: Probe) -> Any:
    """What a probe returns; None if it fails, or if the answer cannot be loaded."""
    run.begin_check("probe")
    try:
        return run.probe(built([*probe]))
    except SandboxError:
        raise
    except Exception:
        return None
