"""Grade a class on an executor, a few answers at a time.

The executor is any `concurrent.futures.Executor`: processes of this machine, or workers of a
cluster. Memory grows by a few hundred bytes a submission; contents and reports are on the disk.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    wait,
)
from typing import NamedTuple

from gradekit.batch.basis import Basis
from gradekit.batch.grader import Task, Verdict, grade, not_run
from gradekit.batch.journal import Journal
from gradekit.batch.machines import Machines
from gradekit.batch.resuming import WHOLE, Export, Resumed, about_of, identity
from gradekit.errors import KitError
from gradekit.intake.entries import Entry
from gradekit.intake.items import HandedIn
from gradekit.intake.names import answer_suffix
from gradekit.results import About, NotGraded
from gradekit.submission import digest

# If a grader process dies, each of its answers is tried again alone. With a broken grader that
# would happen to every answer, so after three failures of ours in a row an answer gets one try.
HOPELESS = 3
LOOK_SECONDS = 1.0  # between two looks at how many answers should be under way


class _Job(NamedTuple):
    entry: Entry
    task: Task
    identity: bytes


class Batch:
    """One run over what a class handed in."""

    def __init__(
        self, basis: Basis, handed_in: HandedIn, journal: Journal, export: Export = WHOLE
    ) -> None:
        """
        Args:
            journal: Where results go.
            export: Which hand-in it is, and how much of it is graded.
        """
        self._basis, self._handed_in = basis, handed_in
        self._journal, self._export = journal, export
        self._course_folder = basis.course_folder
        self._finished: dict[bytes, int] = {}  # identity -> position in the journal
        self._running: dict[Future[Verdict], _Job] = {}
        self._twins: defaultdict[bytes, list[Entry]] = defaultdict(list)  # copies of running jobs
        self._faults: Counter[str] = Counter()  # in a row, by exercise
        self.not_graded: list[NotGraded] = []
        self.withdrawn: list[About] = []  # answers that this export no longer holds
        self.graded = 0

    def resume(self, entries: Sequence[Entry]) -> list[Entry]:
        """Keep the results of earlier runs that still hold; return the entries left to grade.

        See `Resumed` for what holds.
        """
        resumed = Resumed(self._basis, self._handed_in, entries, self._export)
        self._journal.resume(resumed.decide)
        self.withdrawn, self._finished = resumed.withdrawn, resumed.finished
        return [entry for entry in entries if entry not in resumed.held]

    def run(self, machines: Machines, entries: Iterable[Entry], tell: Callable[[], None]) -> None:
        """Grade all `entries`, a few at a time; `tell` is called after each.

        Raises:
            DiskFull: a result could not be written.
            KitError: the cluster is gone.
        """
        self._executor, self._tell = machines.executor, tell
        self._course_folder = machines.course or self._course_folder
        for entry in entries:
            job = self._job(entry)  # reads the file only now, to have few of them in memory
            if job is None:
                continue
            while len(self._running) >= machines.width():
                self._collect()
            # Copies are common in a class, untouched stubs most of all: the same bytes are graded
            # once (test_same_bytes_are_graded_once).
            if job.identity in self._finished and not self._export.only:
                report = self._journal.report_at(self._finished[job.identity])
                self._record(entry, job.identity, report)
            elif job.identity in self._twins:  # the same bytes are being graded now
                self._twins[job.identity].append(entry)
            else:
                self._twins[job.identity] = []
                self._running[self._executor.submit(grade, job.task)] = job
        while self._running:
            self._collect()

    def _job(self, entry: Entry) -> _Job | None:
        """The job of grading an entry; None if its file cannot be read."""
        try:
            content, modules = entry.contents(self._handed_in)
        except KitError as error:
            self._refuse(entry, str(error))
            return None
        basis = self._basis
        task = Task(
            self._course_folder,
            entry.exercise,
            # Not the person's own file name, so that the same bytes get the same report.
            entry.exercise + answer_suffix(entry.file),
            content,
            basis.isolation,
            basis.seed,
            basis.explain,
            modules,
        )
        return _Job(entry, task, identity(entry.exercise, entry.file, digest(content, modules)))

    def _collect(self) -> None:
        """Wait until something is finished, and write it down; try again what failed."""
        suspects = self._finish_some()
        if not suspects:
            return

        # First let everything else end, so that each retry runs alone: if a process dies now, its
        # answer is the cause (test_killed_worker_is_tried_again).
        while self._running:
            suspects += self._finish_some()
        for job in suspects:
            with contextlib.suppress(BrokenExecutor):  # replaces a process that has died
                self._executor.submit(os.getpid).result()
            self._finish(job, _verdict(self._executor.submit(grade, job.task)))

    def _finish_some(self) -> list[_Job]:
        """Write down what is finished; return the jobs that failed through a fault of ours."""
        suspects = []
        # With a time limit, because meanwhile `Machines.width` may grow.
        for future in wait(self._running, LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
            job, verdict = self._running.pop(future), _verdict(future)
            if verdict.fault and self._faults[job.task.exercise] < HOPELESS:
                suspects.append(job)
            else:
                self._finish(job, verdict)
        return suspects

    def _finish(self, job: _Job, verdict: Verdict) -> None:
        entries = [job.entry, *self._twins.pop(job.identity)]
        if verdict.unreadable:
            for entry in entries:
                self._refuse(entry, verdict.unreadable)
            return
        exercise = job.task.exercise
        self._faults[exercise] = self._faults[exercise] + 1 if verdict.fault else 0
        report = verdict.report or not_run(job.task, self._basis.graders[exercise], verdict.fault)
        for entry in entries:
            self._record(entry, job.identity, report)

    def _record(self, entry: Entry, identity: bytes, report: bytes) -> None:
        about = about_of(entry, self._export.name, self._basis.versions(entry.exercise))
        position = self._journal.append(about, report)
        self._finished.setdefault(identity, position)
        self.graded += 1
        self._tell()

    def _refuse(self, entry: Entry, reason: str) -> None:
        self.not_graded.append(
            NotGraded(
                entry.file, entry.student, entry.exercise, reason, not entry.counted, entry.person
            )
        )
        self._tell()


def _verdict(future: Future[Verdict]) -> Verdict:
    """What became of a task, even if its process has died."""
    try:
        return future.result()
    except CancelledError:
        raise KitError(
            "The cluster is gone; every finished result is safe.\n"
            "Run the same command again when it is back: it goes on from there."
        ) from None
    except BrokenExecutor:
        return Verdict(fault="the grader process died")
    except Exception as error:  # a Dask worker that died, or our own bug: no answer's fault
        return Verdict(fault=f"{type(error).__name__}: {error}")
