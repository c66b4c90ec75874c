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
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    wait,
)
from typing import NamedTuple

import msgspec

from gradekit.batch.grader import Task, Verdict, grade, not_run
from gradekit.batch.journal import Decision, Journal, Move
from gradekit.batch.machines import Machines
from gradekit.batch.versions import versions_of
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.entries import Entry
from gradekit.intake.items import HandedIn
from gradekit.intake.names import answer_suffix
from gradekit.results import SCHEMA, About, NotGraded, Result, person_of
from gradekit.sandbox.tiers import PROCESS
from gradekit.submission import digest

# A grader process that dies takes all its answers along, and each is tried again alone. An exercise
# whose grader itself is broken would pay that for every answer.
HOPELESS = 3  # failures of ours in a row, after which an exercise's answers get one try only
LOOK_SECONDS = 1.0  # between two looks at how many answers should be under way
REPLACED = "another answer of the same person was handed in"
REGRADED = "the grader or the engine changed"
UNEXPLAINED = "full feedback shows counterexamples, and none had been looked for"
ASKED = "it was graded again, as asked for"


class Export(NamedTuple):
    """Which hand-in a run is about: its name, and how much of it is graded.

    `only`: the keys of the people to grade again. `exercise`: all of it answers that one.
    `partial`: files that somebody is still writing; what was graded of them stays.
    """

    name: str = ""
    only: frozenset[str] = frozenset()
    exercise: str = ""
    partial: frozenset[str] = frozenset()

    def is_partial(self, file: str) -> bool:
        """Whether somebody is still writing a file, or the zip that it lies in."""
        return any(file == each or file.startswith(f"{each}/") for each in self.partial)


WHOLE = Export()


class Preview(NamedTuple):
    """What a run would do with the results that are there."""

    kept: int
    replaced: list[tuple[About, str]]  # with why
    withdrawn: list[About]


class _Job(NamedTuple):
    entry: Entry
    task: Task
    identity: bytes


class Batch:
    """One run over what a class handed in."""

    def __init__(
        self,
        course: Course,
        journal: Journal | None,
        isolation: str | None,
        seed: int = 0,
        explain: bool = False,
    ) -> None:
        """Args:
        journal: Where results go; None only to see what a run would do.
        isolation: For all answers; None: the best of where they are graded.
        seed: Of the cases that checks draw, the same for the whole class.
        explain: Look for counterexamples, after each verdict.
        """
        self._course = course
        self._course_name = str(course.root)
        self._journal = journal
        self._isolation = isolation
        self._seed = seed
        self._explain = explain
        self._graders = {
            exercise.name: course.grader(exercise).read_bytes() for exercise in course.exercises
        }
        self._hashes = {name: _sha256(grader) for name, grader in self._graders.items()}
        self._versions: dict[str, dict[str, str]] = {}
        self._export = WHOLE
        self._finished: dict[bytes, int] = {}  # identity -> position in the journal
        self._running: dict[Future[Verdict], _Job] = {}
        self._twins: defaultdict[bytes, list[Entry]] = defaultdict(list)  # of what is running
        self._faults: Counter[str] = Counter()
        self.not_graded: list[NotGraded] = []
        self.withdrawn: list[About] = []  # answers that this export no longer holds
        self.graded = 0

    def resume(
        self,
        handed_in: HandedIn,
        entries: Sequence[Entry],
        export: Export = WHOLE,
    ) -> list[Entry]:
        """See what of earlier runs still holds; return what is to be graded.

        A result holds while its answer, its grader, the engine and the seed are as they were.
        One whose answer another one replaced goes into the history. One that this export
        held and no longer holds stays, and is marked as withdrawn; those of other exports
        stay as they are: what a class hands in may come in several parts.
        """
        self._export = export
        resumed = _Resumed(self, handed_in, entries, export)
        self._written.resume(resumed.decide)
        self.withdrawn = resumed.withdrawn
        return [entry for entry in entries if entry not in resumed.held]

    def preview(
        self,
        handed_in: HandedIn,
        entries: Sequence[Entry],
        export: Export,
        results: Iterable[Result],
    ) -> Preview:
        """What `resume` would do with these results; nothing is changed."""
        resumed = _Resumed(self, handed_in, entries, export)
        decisions = [(result, resumed.decide(result, 0)) for result in results]
        return Preview(
            len(resumed.held),
            [
                (result.about, decision.why)
                for result, decision in decisions
                if isinstance(decision, Move)
            ],
            resumed.withdrawn,
        )

    @property
    def _written(self) -> Journal:
        assert self._journal is not None
        return self._journal

    def out_of_date(self, result: Result) -> str:
        """Why a result has to be made anew; empty where it holds."""
        report = result.report
        if not self._would_be_alike(result):
            return REGRADED
        return UNEXPLAINED if self._explain and not (report.explained or report.passed) else ""

    def _would_be_alike(self, result: Result) -> bool:
        """Whether today's grader and engine would judge the same answer alike."""
        report = result.report
        return (
            result.versions == self.versions(result.exercise)
            and report.grader_sha256 == self._hashes.get(result.exercise)
            # Other drawn cases may judge a wrong answer
            # otherwise, and a class is judged by the same ones.
            and report.seed == self._seed
            and not report.not_run
            # Without isolation an answer could have changed its own report. Such a result holds
            # only for somebody who again asks for no isolation.
            and (report.isolation != PROCESS or self._isolation == PROCESS)
        )

    def versions(self, exercise: str) -> dict[str, str]:
        """What the reports of an exercise depend on; nothing of one that is no longer there."""
        if exercise not in self._versions:
            known = exercise in self._graders
            found = versions_of(self._course, self._course.find(exercise)) if known else {}
            self._versions[exercise] = found
        return self._versions[exercise]

    def is_finished(self, exercise: str, file: str, sha256: str, position: int) -> None:
        """Remember that the report on these bytes stands at a position of the journal."""
        # The first position is as good as any: equal bytes have equal reports.
        self._finished.setdefault(_identity(exercise, file, sha256), position)

    def run(
        self,
        machines: Machines,
        handed_in: HandedIn,
        entries: Iterable[Entry],
        tell: Callable[[], None],
    ) -> None:
        """Grade all `entries`, a few at a time; `tell` is called after each.

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
            # Contents are read only now, so that no more of them are in memory than are under way.
            while len(self._running) >= machines.width():
                self._collect()
            if job.identity in self._finished and not self._export.only:
                # The same bytes were graded before, for somebody else: their report is read back
                # from the disk rather than kept in memory.
                report = self._written.report_at(self._finished[job.identity])
                self._record(entry, job.identity, report)
            # Copies are common in a class, and most common are the untouched stubs: each kind is
            # graded once (test_same_bytes_are_graded_once).
            elif job.identity in self._twins:  # the same bytes are being graded just now
                self._twins[job.identity].append(entry)
            else:
                self._twins[job.identity] = []
                self._running[self._executor.submit(grade, job.task)] = job
        while self._running:
            self._collect()

    def _job(self, handed_in: HandedIn, entry: Entry) -> _Job | None:
        """The task that an entry means; None where its file cannot be read."""
        try:
            content, modules = entry.contents(handed_in)
        except KitError as error:
            self._refuse(entry, str(error))
            return None
        # Nobody's own file name, so that the same bytes get the same report.
        file = entry.exercise + answer_suffix(entry.file)
        task = Task(
            self._course_name,
            entry.exercise,
            file,
            content,
            self._isolation,
            self._seed,
            self._explain,
            modules,
        )
        return _Job(entry, task, _identity(entry.exercise, entry.file, digest(content, modules)))

    def _collect(self) -> None:
        """Wait for something to finish, and write it down."""
        suspects = self._finish_some()
        if not suspects:
            return

        # Everything else ends first, so that the retries below run alone: if a process dies then,
        # it is because of the answer that is tried (test_killed_worker_is_tried_again).
        while self._running:
            suspects += self._finish_some()
        for job in suspects:
            with contextlib.suppress(BrokenExecutor):  # a process that is dead is replaced now
                self._executor.submit(os.getpid).result()
            self._finish(job, _verdict(self._executor.submit(grade, job.task)))

    def _finish_some(self) -> list[_Job]:
        """Write down what is finished; return what failed on our side."""
        suspects = []
        # Not for ever: meanwhile more may be worth running (`Machines.width`).
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
        self._faults[job.task.exercise] += 1
        if not verdict.fault:  # in a row: one answer that was judged shows that the grader works
            self._faults[job.task.exercise] = 0
        report = verdict.report or not_run(
            job.task, self._graders[job.task.exercise], verdict.fault
        )
        for entry in entries:
            self._record(entry, job.identity, report)

    def _record(self, entry: Entry, identity: bytes, report: bytes) -> None:
        about = about_of(entry, self._export.name, self.versions(entry.exercise))
        position = self._written.append(about, report)
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


class _Resumed:
    """The lines of earlier runs, held against what is handed in today."""

    def __init__(
        self, batch: Batch, handed_in: HandedIn, entries: Sequence[Entry], export: Export
    ) -> None:
        self._batch, self._handed_in, self._export = batch, handed_in, export
        self._by_person: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._by_file: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            self._by_person[entry.person.key, entry.exercise].append(entry)
            for name in {entry.student, entry.person.name}:
                self._by_name[name, entry.exercise].add(entry.person.key)
            # Three ways to find whose line it is, the surest first: an id, a name that only one
            # person of the class has, and the path of the file.
            self._by_file[entry.file, entry.exercise] = entry
        self._sha256: dict[str, str] = {}  # of files that were read, by path
        self.held: set[Entry] = set()
        self.withdrawn: list[About] = []

    def decide(self, result: Result, position: int) -> Decision:
        """What is to become of a line."""
        ours = self._rivals(result)
        if not ours:
            # Its report may still serve for equal bytes of somebody who is here today.
            if not self._batch.out_of_date(result):
                self._remember(result, position)
            return self._without_file(result)
        out_of_date = self._batch.out_of_date(result)
        # A person may have handed in several attempts: the line holds for the one with its bytes.
        for entry in ours:
            if entry in self.held or self._differs(result, entry):
                continue
            if out_of_date:
                return Move(out_of_date)
            if self._export.only and entry.person.key in self._export.only:
                return Move(ASKED)
            self.held.add(entry)
            self._remember(result, position)
            return about_of(entry, self._export.name, result.versions)
        if self._is_of_another(result):
            return result.about
        return Move(REPLACED)

    def _rivals(self, result: Result) -> list[Entry]:
        """Today's entries of that person for that exercise."""
        key = person_of(result).key
        found = self._by_person.get((key, result.exercise))
        if found is None and not result.person.name:  # an older line, that knew no ids
            keys = self._by_name.get((result.student, result.exercise), set())
            found = self._by_person[min(keys), result.exercise] if len(keys) == 1 else None
        if found is None and result.export == self._export.name:
            # The same file, whose owner a roster now tells, or told.
            entry = self._by_file.get((result.file, result.exercise))
            found = [entry] if entry else None
        return found or []

    def _is_of_another(self, result: Result) -> bool:
        """Whether it is an attempt that another export holds, beside what counts."""
        return result.state != "counted" and result.export != self._export.name

    def _differs(self, result: Result, entry: Entry) -> bool:
        if answer_suffix(entry.file) != answer_suffix(result.file):
            return True
        if entry.path not in self._sha256:
            self._sha256[entry.path] = _hash_of(self._handed_in, entry)
        return self._sha256[entry.path] != result.report.submission_sha256

    def _remember(self, result: Result, position: int) -> None:
        sha256 = result.report.submission_sha256
        self._batch.is_finished(result.exercise, result.file, sha256, position)

    def _without_file(self, result: Result) -> Decision:
        """A line about an answer that is not there today."""
        about = result.about
        if (
            result.export != self._export.name
            or not result.export
            or self._export.only
            or self._export.is_partial(result.file)
            or (self._export.exercise and result.exercise != self._export.exercise)
        ):
            return about
        about = msgspec.structs.replace(about, state="withdrawn")
        self.withdrawn.append(about)
        return about


def about_of(entry: Entry, export: str, versions: dict[str, str]) -> About:
    """The line about an entry, without its report."""
    return About(
        entry.student,
        entry.exercise,
        entry.file,
        SCHEMA,
        entry.person,
        entry.attempt,
        entry.handed_in,
        entry.file_date,
        "counted" if entry.counted else "attempt",
        export,
        versions,
    )


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
        return digest(*entry.contents(handed_in))
    except KitError:
        return ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _identity(exercise: str, file: str, sha256: str) -> bytes:
    """What decides a report: bytes that mean an answer to one exercise, as code or notebook."""
    # The suffix belongs to it: the bytes of a notebook, handed in as .py, are another answer.
    return f"{exercise}{answer_suffix(file)}".encode() + bytes.fromhex(sha256)
