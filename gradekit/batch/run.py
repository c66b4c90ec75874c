"""Grade a class on an executor, a few answers under way at a time.

Written against `concurrent.futures.Executor`: whether the graders are processes of this
machine or workers of a cluster shows nowhere in here. What is held in memory grows by a
few hundred bytes a submission; contents and reports are on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    wait,
)
from pathlib import PurePath
from typing import NamedTuple

from gradekit.batch.discovery import Entry
from gradekit.batch.grader import Task, Verdict, grade, not_run
from gradekit.batch.handed_in import HandedIn
from gradekit.batch.journal import Journal
from gradekit.batch.machines import Machines
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.results import NotGraded, Result
from gradekit.sandbox.tiers import PROCESS

HOPELESS = 3  # failures of ours in a row, after which an exercise's answers get one try only


class _Job(NamedTuple):
    entry: Entry
    task: Task
    identity: bytes


class Batch:
    """One run over what a class handed in."""

    def __init__(self, course: Course, journal: Journal, isolation: str | None) -> None:
        """Args:
        isolation: For all answers; None: the best of where they are graded.
        """
        self._course_name = str(course.root)
        self._journal = journal
        self._isolation = isolation
        self._graders = {
            exercise.name: course.grader(exercise).read_bytes() for exercise in course.exercises
        }
        self._finished: dict[bytes, int] = {}  # identity -> position in the journal
        self._running: dict[Future[Verdict], _Job] = {}
        self._twins: defaultdict[bytes, list[Entry]] = defaultdict(list)  # of what is running
        self._faults: Counter[str] = Counter()
        self.not_graded: list[NotGraded] = []
        self.graded = 0

    def resume(self, handed_in: HandedIn, entries: Iterable[Entry]) -> list[Entry]:
        """Drop results that no longer hold; return what is still to be graded.

        A result holds until its answer or its grader changes. One of a file that is not
        there today is kept: what a class hands in may come in several parts.
        """
        hashes = {name: _sha256(grader) for name, grader in self._graders.items()}
        current: dict[tuple[str, str], str] | None = None
        held: set[tuple[str, str]] = set()

        def still_holds(result: Result, position: int) -> bool:
            nonlocal current
            if current is None:
                current = {entry[:2]: _hash_of(handed_in, entry) for entry in entries}
            key, report = (result.student, result.exercise), result.report
            holds = (
                key not in held
                and report.grader_sha256 == hashes.get(result.exercise)
                and not report.not_run
                and (report.isolation != PROCESS or self._isolation == PROCESS)
                and report.submission_sha256 == current.get(key, report.submission_sha256)
            )
            if holds:
                held.add(key)
                identity = _identity(result.exercise, result.file, report.submission_sha256)
                self._finished.setdefault(identity, position)
            return holds

        self._journal.resume(still_holds)
        return [entry for entry in entries if entry[:2] not in held]

    def run(
        self,
        machines: Machines,
        handed_in: HandedIn,
        entries: Iterable[Entry],
        tell: Callable[[], None],
    ) -> None:
        """Grade all `entries`, a few at a time; `tell` hears of each that is done.

        Raises:
            DiskFull: a result could not be written.
            KitError: the cluster is gone.
        """
        self._executor, self._tell = machines.executor, tell
        self._course_name = machines.course or self._course_name
        for entry in entries:
            job = self._job(handed_in, entry)
            if job is None:
                continue
            while len(self._running) >= machines.width:
                self._collect()
            if job.identity in self._finished:
                report = self._journal.report_at(self._finished[job.identity])
                self._record(entry, job.identity, report)
            elif job.identity in self._twins:
                self._twins[job.identity].append(entry)
            else:
                self._twins[job.identity] = []
                self._running[self._executor.submit(grade, job.task)] = job
        while self._running:
            self._collect()

    def _job(self, handed_in: HandedIn, entry: Entry) -> _Job | None:
        """The task that an entry means; None where its file cannot be read."""
        try:
            content = handed_in.read(entry.path)
        except KitError as error:
            self._refuse(entry, str(error))
            return None
        # Nobody's own file name, so that the same bytes get the same report.
        file = entry.exercise + _suffix(entry.file)
        task = Task(self._course_name, entry.exercise, file, content, self._isolation)
        return _Job(entry, task, _identity(entry.exercise, entry.file, _sha256(content)))

    def _collect(self) -> None:
        """Wait for something to finish, and write it down."""
        suspects = self._finish_some()
        if not suspects:
            return
        # Somebody's answer may have brought a grader down: each in question is tried alone.
        while self._running:
            suspects += self._finish_some()
        for job in suspects:
            with contextlib.suppress(BrokenExecutor):  # a process that is dead is replaced now
                self._executor.submit(os.getpid).result()
            self._finish(job, _verdict(self._executor.submit(grade, job.task)))

    def _finish_some(self) -> list[_Job]:
        """Write down what is finished; return what failed on our side."""
        suspects = []
        for future in wait(self._running, return_when=FIRST_COMPLETED).done:
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
        self._faults[job.task.exercise] += 1
        if not verdict.fault:
            self._faults[job.task.exercise] = 0
        report = verdict.report or not_run(
            job.task, self._graders[job.task.exercise], verdict.fault
        )
        for entry in entries:
            self._record(entry, job.identity, report)

    def _record(self, entry: Entry, identity: bytes, report: bytes) -> None:
        position = self._journal.append(entry.student, entry.exercise, entry.file, report)
        self._finished.setdefault(identity, position)
        self.graded += 1
        self._tell()

    def _refuse(self, entry: Entry, reason: str) -> None:
        self.not_graded.append(NotGraded(entry.file, entry.student, entry.exercise, reason))
        self._tell()


def _verdict(future: Future[Verdict]) -> Verdict:
    """What became of a task, also where its process is gone."""
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


def _hash_of(handed_in: HandedIn, entry: Entry) -> str:
    try:
        return _sha256(handed_in.read(entry.path))
    except KitError:
        return ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _identity(exercise: str, file: str, sha256: str) -> bytes:
    """What decides a report: bytes that mean an answer to one exercise, as code or notebook."""
    return f"{exercise}{_suffix(file)}".encode() + bytes.fromhex(sha256)


def _suffix(file: str) -> str:
    return PurePath(file).suffix.lower()
