"""Where an answer is wrong: the places at which one small change makes it better.

The changes are those of `gradekit.edits`. Each changed answer runs in the sandbox as any
answer does, first on one check that fails, and only where that passes now on all the others. What
mends something without breaking anything points at its place.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from gradekit.causes import causes
from gradekit.edits.every import edits_of
from gradekit.edits.source import Edit
from gradekit.explain import trace
from gradekit.explain.clock import Clock
from gradekit.explain.order import likelihood, may_help, open_ends_of, related_of, runs, spans_of
from gradekit.explain.suspects import Suspect, Suspects
from gradekit.grading.loop import Plan
from gradekit.grading.session import Session, Tried
from gradekit.report import Check, Report, clean
from gradekit.sandbox.host import WorkerHandle
from gradekit.sandbox.limits import Limits
from gradekit.submission import Submission

# For a check of a changed answer, at least: what fails at once may take its time when it is right.
CHECK_SECONDS = 3.0
KEY_SECONDS = 1.0  # what the check that has to pass first may take in any case
LOOP_SECONDS = 0.25  # where the answer does not come to an end: most changes will not either
SLOWER, SPARE = 5.0, 1.2  # times that a changed answer may be slower; where others have hung
GRACE_SECONDS = 1.5  # after the deadline, to say more than that nothing was found
PATIENCE = 1.5  # see `Limits`
MOST_AFRESH = 6
SLOW_SECONDS = 0.5
FRESH_AFTER = 60  # versions of an answer in one worker
SAMPLE = 10  # of checks, to see which functions they run
TRY_SECONDS = 0.004  # for a version of an answer, besides the check
MOST_TRACED, TRACING = 6, 0.15  # checks, and the share of the time, to see which lines they run
# Where two lines have to agree, a change of either mends everything: both are to be told.
AFTER_FIRST = 60  # edits that are still tried once one has mended everything,
AFTER_A_LOOP = 4  # where each of them may take its time,
AFTER_SECONDS = 1.0  # and not for longer: they can only come after what mends everything,
AFTER_SOME = 150  # and once one has mended something: it may have done so by chance
# Edits that are tried in vain for one cause: what comes later is hardly ever what is missing.
MOST_IN_VAIN = 4000
STOPPED_AFTER = re.compile(r"\bstopped after ([\d.]+) s")  # in what a check tells that ran too long


class Mended(NamedTuple):
    """An edit that mends something, and the points that it gains."""

    edit: Edit
    gain: float
    rank: int  # among the edits, by how likely they were


class Search:
    """Looks for edits of one answer that mend something."""

    def __init__(
        self,
        session: Session,
        submission: Submission,
        report: Report,
        *,
        clock: Clock,
        is_wanted: Callable[[], bool] = lambda: True,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> None:
        """Prepare for an answer and the report on it.

        Args:
            clock: When to stop.
            is_wanted: Asked often: whether anybody still waits for it.
            progress: Called often, with how many edits were tried and how many there are.
        """
        self._session, self._submission, self._report = session, submission, report
        self._clock, self._is_wanted, self._progress = clock, is_wanted, progress
        self._worker: WorkerHandle | None = None
        self._versions = 0  # that the worker has run
        self._hung = 0  # versions that ran out of time or memory
        self._afresh = 0  # how often an edit was tried once more, in a new worker
        self._least_seconds = CHECK_SECONDS
        self._fresh_after = FRESH_AFTER
        self._fresh_seconds = 0.0  # what the first try in a new worker took, at most
        self._edits: list[Edit] = []
        self.tries = 0
        self.mended: list[Mended] = []
        self._mended_by: dict[Edit, set[str]] = {}  # the names of the checks that each mends
        # Lines at which an edit makes the check pass for which it was tried, and breaks others.
        self._half_mended: set[tuple[int, int]] = set()
        self._lines: dict[str, frozenset[tuple[int, int]]] = {}  # that checks run, as far as known
        self.was_cut = False  # whether time ran out before everything was tried
        # Examples are for the reader: they earn nothing, and may depend on what ran before.
        counted = [check for check in report.checks if check.max_score]
        self._passed = [check for check in counted if check.outcome == "passed"]
        self._failed = [check for check in counted if check.outcome == "failed"]

    def run(self) -> list[Mended]:
        """Try the edits, for one cause of failures after the other.

        Raises:
            KitError: the answer is no Python.
        """
        self._edits = edits_of(self._submission.cells)
        wanted = self._wanted(self._edits)
        # What runs few lines says most about the place.
        for key in sorted(wanted, key=lambda k: len(wanted[k]) * (TRY_SECONDS + k.seconds)):
            if not self._is_explained(key) and self._may_go_on():
                self._least_seconds = _least_seconds(key)
                self._try(key, wanted[key])
        return self.mended

    def _wanted(self, edits: list[Edit]) -> dict[Check, list[Edit]]:
        """For the check that stands for each cause the edits that may help it, likeliest first."""
        spans = [spans_of(cell) for cell in self._submission.cells]
        ran = self._lines_by_check()
        known = [*filter(None, ran.values())]
        # One mistake is run by all that it makes fail; of several, by some.
        shared = frozenset.intersection(*known) if known else None
        related = related_of(self._submission.cells)
        open_ends = open_ends_of(self._submission.cells)
        wanted: dict[Check, list[Edit]] = {}
        for key, lines in ran.items():
            ran_edits = (e for e in edits if runs(e, lines, spans))
            helping = [e for e in ran_edits if may_help(e, key, open_ends)]
            doubtful = {e for e in helping if shared and not runs(e, shared, spans)}
            wanted[key] = sorted(helping, key=lambda e: -likelihood(e, key, e in doubtful, related))
        return wanted

    def _lines_by_check(self) -> dict[Check, frozenset[tuple[int, int]]]:
        """The lines that some of the checks run, the quickest first; nothing for the others."""
        until = self._clock.spent + TRACING * self._clock.left
        ran: dict[Check, frozenset[tuple[int, int]]] = {}
        for key in sorted(self._keys(), key=lambda k: (k.ending != "finished", k.seconds)):
            is_worth_it = len(ran) < MOST_TRACED and (not ran or self._clock.spent < until)
            ran[key] = self._lines_of(key) if is_worth_it else frozenset()
        return ran

    def unmended(self) -> list[str]:
        """The functions with failures that no edit mends."""
        left = [key.function for key in self._keys() if not self._is_explained(key)]
        return [*dict.fromkeys(left)]

    def close(self) -> None:
        """End the worker that ran the last version."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def suspects(self) -> list[Suspect]:
        """The lines where the fault is likely to be that no edit mends, the likeliest first."""
        self._clock.extend(GRACE_SECONDS)
        mended = set().union(*(self._mended_by[each.edit] for each in self.mended))
        failed = [c for c in self._failed if c.ending == "finished" and c.name not in mended]
        ran: dict[str, frozenset[tuple[int, int]]] = {}
        for check in (*failed[:SAMPLE], *self._passed[:SAMPLE]):
            if not self._may_go_on():
                break
            ran[check.name] = self._lines_of(check)
        checks = tuple(check for check in self._report.checks if check.name not in mended)
        left = msgspec.structs.replace(self._report, checks=checks)
        suspects = Suspects(self._submission.cells, left, self._edits, self._half_mended)
        return suspects.lines(ran)

    def traced(self) -> tuple[str, list[trace.Step]]:
        """A call on which the answer is wrong, and the values that its names are given there."""
        self._clock.extend(2 * GRACE_SECONDS)
        is_slow = 2 * self._fresh_seconds > GRACE_SECONDS
        for key in self._keys():
            if is_slow or key.seconds > GRACE_SECONDS / 10:
                continue
            found = self._session.counterexample(self._submission, key, self._may_go_on)
            if found is not None and not found.before:
                function = found.call.partition("(")[0]
                probe = trace.call_probe(self._submission, function, found.args, found.keywords)
                told = self._session.asked(self._submission, probe, self._limits())
                return clean(found.call), trace.steps_of(told, self._submission.name)
        return "", []

    def _keys(self) -> list[Check]:
        """The quickest failed check of each cause: what has to pass first."""
        keys = []
        hanging = self._hanging()
        for cause in causes(self._report):
            written = [c for c in cause.checks if c.outcome == "failed" and not c.is_unwritten]
            if hanging:
                written = [c for c in written if c.ending != "timed_out" or c.function in hanging]
            if counted := [check for check in written if check.max_score]:
                keys.append(min(counted, key=lambda c: (c.ending != "finished", c.seconds)))
        return keys

    def _hanging(self) -> set[str]:
        """The functions with checks that ran for as long as any may.

        Where a function hangs, the time of the whole answer runs out: others fail with it, and
        nobody knows whether anything is wrong there.
        """
        late = [each for each in self._report.checks if each.ending == "timed_out"]
        stopped = [(each, m) for each in late if (m := STOPPED_AFTER.search(each.told))]
        most = max((float(m[1]) for _, m in stopped), default=0.0)
        return {check.function for check, m in stopped if float(m[1]) == most}

    def _is_explained(self, key: Check) -> bool:
        """Whether some edit that was found mends this check as well."""
        return any(key.name in self._mended_by[each.edit] for each in self.mended)

    def _may_go_on(self) -> bool:
        if self._clock.left <= 0:
            self.was_cut = True
            return False
        return self._is_wanted()

    def _lines_of(self, key: Check) -> frozenset[tuple[int, int]]:
        """The lines that the answer runs in a check; empty where nobody knows."""
        if key.name in self._lines:
            return self._lines[key.name]
        if key.ending not in ("finished", "timed_out") or not self._may_go_on():
            return frozenset()
        self._least_seconds = _least_seconds(key)
        plan, limits = Plan((key.name,), frozenset()), self._limits(4.0)
        if key.ending != "finished":  # a loop shows its lines soon
            seconds = min(limits.check_seconds, CHECK_SECONDS)
            limits = msgspec.structs.replace(limits, check_seconds=seconds)
        tried = self._tried(self._submission, plan, limits, tracing=True)
        self._lines[key.name] = trace.lines_of(tried.told, self._submission.name)
        return self._lines[key.name]

    def _limits(self, times: float = 1.0, key: Check | None = None) -> Limits:
        """What a changed answer may take for a check: some times what the answer takes.

        Each version that hangs leaves less to the next ones: loops make many of them hang.

        Args:
            key: The only check that is to run. It has less time than the slowest of all would.
        """
        known = [c for c in self._report.checks if c.ending == "finished"]
        same = [c for c in known if key is not None and c.function == key.function]
        slowest = max((c.seconds for c in same or known), default=0.0)
        spare, least = SPARE * slowest, self._least_seconds
        if key is not None and key.ending == "finished":
            passing = max(self._seconds_of_passed(key), default=slowest)
            slowest, spare = key.seconds, SPARE * max(key.seconds, min(passing, KEY_SECONDS))
            least = min(least, self._seconds_when_right(key))
        most = max(least, min(SLOWER * slowest, slowest + CHECK_SECONDS))
        seconds = times * max(most / (1 + self._hung), spare, LOOP_SECONDS)
        own = self._session.exercise.limits
        left = max(self._clock.left, 0.1) / PATIENCE
        return msgspec.structs.replace(
            own,
            import_seconds=min(own.import_seconds, left),
            check_seconds=min(own.check_seconds, seconds, left),
            submission_seconds=min(own.submission_seconds, left),
            patience=PATIENCE,
        )

    def _seconds_when_right(self, key: Check) -> float:
        """What a check may need that fails by a value: some times the slowest that passes.

        What raised may not have begun yet, so nothing is known of it.
        """
        seconds = self._seconds_of_passed(key)
        if key.kind.startswith("raised") or not seconds:
            return CHECK_SECONDS
        return max(KEY_SECONDS, SLOWER * max(seconds))

    def _seconds_of_passed(self, key: Check) -> list[float]:
        """What checks took that pass: those of the same function, if there are any."""
        same = [check.seconds for check in self._passed if check.function == key.function]
        return same or [check.seconds for check in self._passed]

    def _try(self, key: Check, edits: list[Edit]) -> None:
        plan = self._plan(key)
        stop_at, until = None, math.inf
        for number, edit in enumerate(edits):
            is_enough = number >= (MOST_IN_VAIN if stop_at is None else stop_at)
            if is_enough or self._clock.spent > until or not self._may_go_on():
                return
            self._progress(number, len(edits))
            gain = self._gain_of(edit, key, plan)
            if gain is None:
                continue
            self.mended.append(Mended(edit, gain, number))
            if self._mends_all(edit):
                until = min(until, self._clock.spent + AFTER_SECONDS)
            last = number + self._further_tries(key, edit)
            stop_at = last if stop_at is None else min(stop_at, last)

    def _further_tries(self, key: Check, edit: Edit) -> int:
        """How many edits are still worth trying after one that mends something."""
        if not self._mends_all(edit):
            return AFTER_SOME
        return AFTER_FIRST if key.ending == "finished" else AFTER_A_LOOP

    def _plan(self, key: Check) -> Plan:
        passed = sorted(self._passed, key=lambda c: (c.function != key.function, c.seconds))
        others = [check.name for check in self._failed if check is not key]
        names = [key.name, *(check.name for check in passed)]
        return Plan((*names, *others), frozenset(names))

    def _gain_of(self, edit: Edit, key: Check, plan: Plan) -> float | None:
        """The points that an edit gains; None if it mends nothing, or breaks something."""
        self.tries += 1
        # The key check alone comes first: a version that hangs there must not have the time
        # that the slowest check of all may need.
        alone = Plan((key.name,), frozenset())
        if key.name not in self._passed_by(edit, alone, self._limits(key=key)):
            return None
        passed = self._passed_by(edit, plan, self._limits())
        is_doubtful = plan.names[0] in passed and not passed.issuperset(plan.names)
        if is_doubtful and self._afresh < MOST_AFRESH:
            # What the versions before left behind may be why, or the order of the checks.
            self._afresh += 1
            self.close()
            order = [check.name for check in self._report.checks if check.name in plan.must]
            passed = self._passed_by(edit, Plan(tuple(order), plan.must), self._limits(8.0))
            if plan.must <= passed:  # the others may hang: not with so much time
                others = [name for name in plan.names if name not in plan.must]
                passed |= self._passed_by(edit, Plan(tuple(others), frozenset()), self._limits())
        if not plan.must <= passed:
            self._half_mended.add((edit.cell, edit.line))
            return None
        mended = [each for each in self._failed if each.name in passed]
        self._mended_by[edit] = {check.name for check in mended}
        return sum(check.max_score for check in mended)

    def _passed_by(self, edit: Edit, plan: Plan, limits: Limits) -> set[str]:
        """The names of the checks that pass with an edit made."""
        tried = self._tried(self._changed(edit), plan, limits)
        self._hung += any(check.ending != "finished" for check in tried.checks)
        return {check.name for check in tried.checks if check.outcome == "passed"}

    def _mends_all(self, edit: Edit) -> bool:
        return len(self._mended_by[edit]) == len(self._failed)

    def _changed(self, edit: Edit) -> Submission:
        """The answer with an edit made."""
        cells = list(self._submission.cells)
        cells[edit.cell] = edit.applied(cells[edit.cell])
        return msgspec.structs.replace(self._submission, cells=tuple(cells), sha256="")

    def _tried(
        self, submission: Submission, plan: Plan, limits: Limits, tracing: bool = False
    ) -> Tried:
        used, self._worker = self._worker, None
        if used is not None and self._versions >= self._fresh_after:
            used.close()
            used = None
        around = trace.line_probes() if tracing else None
        started = time.monotonic()
        before = used.cpu_seconds() if used is not None else 0.0
        tried = self._session.tried(submission, plan, limits, used, around)
        taken = time.monotonic() - started
        worker = tried.worker
        if worker is not None and used in (None, worker):
            self._clock.note(worker.cpu_seconds() - before)
        else:  # of a worker that was lost nobody knows any more what it used
            self._clock.note(min(taken, limits.check_seconds * len(tried.checks)))
        if used is None:
            self._versions = 0
            self._note_fresh(taken)
        self._versions += 1
        self._worker = tried.worker
        return tried

    def _note_fresh(self, seconds: float) -> None:
        """Where a new worker is slow, as one that has to import torch, it is kept longer."""
        self._fresh_seconds = max(self._fresh_seconds, seconds)
        self._fresh_after = FRESH_AFTER if seconds < SLOW_SECONDS else 10 * FRESH_AFTER


def _least_seconds(key: Check) -> float:
    """What a check of a changed answer may take, at least."""
    return CHECK_SECONDS if key.ending == "finished" else LOOP_SECONDS
