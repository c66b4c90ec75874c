"""What runs in a grader process: warm sessions, and one function that grades an answer.

The sessions of a course share one warm process (zygote) a library. So a grader that has
met all exercises holds numpy and torch twice, not once for each.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gradekit.course import Course, Exercise
from gradekit.engine import EXPLAINED_CAUSES, Sandboxes
from gradekit.errors import KitError, OurFailure
from gradekit.processes import end_at, follow_parent
from gradekit.report import Check, Report
from gradekit.sandbox.process import START_SECONDS
from gradekit.sandbox.tiers import PROCESS, best_tier
from gradekit.submission import parse

if TYPE_CHECKING:
    from gradekit.grading.session import Session

SESSIONS = 32  # kept open, the least recently used one is closed
WARM = 32  # answers; from then on a grader and its workers keep to one core
STAY_SECONDS = 2.0  # on a core, before the system may choose another one

# Where courses lie on this machine that came from another one, by their digests.
shipped: dict[str, Path] = {}
_sessions: dict[tuple[str, str | None], Sessions] = {}
_one_at_a_time = threading.Lock()  # a Dask worker may have several threads


class Task(msgspec.Struct, frozen=True):
    """One answer on its way to a grader process.

    `course` is a folder, or the digest of a course that was shipped. `file` names the
    answer in messages; it is the same for everybody, so that equal bytes give equal reports.
    """

    course: str
    exercise: str
    file: str
    content: bytes
    isolation: str | None = None
    seed: int = 0  # of the cases that checks draw
    explain: bool = False  # look for counterexamples, which somebody is going to read
    modules: dict[str, bytes] = {}  # that the answer imports from beside it


class Verdict(msgspec.Struct, frozen=True):
    """What became of a task. `report` is JSON, or b"" where there is none.

    `unreadable` says why the answer cannot be graded, `fault` what failed on our side.
    """

    report: bytes = b""
    unreadable: str = ""
    fault: str = ""


class Sessions:
    """The open sessions of one course."""

    def __init__(self, course: Course, isolation: str | None) -> None:
        self.course = course
        self._sandboxes = Sandboxes(isolation)
        self._open: OrderedDict[str, Session] = OrderedDict()

    def of(self, exercise: Exercise) -> Session:
        """The session of an exercise, opened at first use."""
        if exercise.name in self._open and not self._open[exercise.name].is_alive:
            del self._open[exercise.name]
        if exercise.name not in self._open:
            sandbox = self._sandboxes.of(self.course, exercise)
            from gradekit.grading.session import Session  # while the sandbox warms up

            if len(self._open) >= SESSIONS:
                self._open.popitem(last=False)[1].close()
            self._open[exercise.name] = Session(self.course, exercise, sandbox)
        self._open.move_to_end(exercise.name)
        return self._open[exercise.name]


def grade(task: Task) -> Verdict:
    """Grade one answer in this process. Never raises: what fails is in the verdict."""
    with _one_at_a_time:
        try:
            sessions = _sessions_of(task.course, task.isolation)
            exercise = sessions.course.find(task.exercise)
            answer = parse(Path(task.file), task.content, task.modules)
        except KitError as error:
            return Verdict(unreadable=str(error))
        # A grader that hangs is our fault, and would keep the whole class waiting.
        patience = exercise.limits.submission_seconds * exercise.limits.patience
        runs = 1 + EXPLAINED_CAUSES * task.explain
        # The coordinator then sees a dead process, and tries once more.
        end_at(time.monotonic() + 2 * patience * runs + START_SECONDS)
        try:
            session = sessions.of(exercise)
            report = session.grade(answer, seed=task.seed)
            if task.explain:
                report = session.explained(answer, report, most=EXPLAINED_CAUSES)
        except OurFailure as error:
            return Verdict(fault=f"{type(error).__name__}: {error}")
        finally:
            gc.enable()  # again: see `start`
            if _place is not None:
                _place.graded()
            end_at(None)
        fault = report.not_run[0].message if report.not_run else ""
        return Verdict(msgspec.json.encode(report), fault=fault)


def not_run(task: Task, grader: bytes, fault: str) -> bytes:
    """The report, as JSON, of an answer that our own failure kept from being graded."""
    check = Check(
        name="grading",
        function="",
        title="The answer could be graded.",
        outcome="not_run",
        score=0.0,
        max_score=0.0,
        message=fault,
    )
    report = Report(
        exercise=task.exercise,
        score=0.0,
        max_score=0.0,
        isolation=task.isolation or best_tier(),
        seconds=0.0,
        submission_sha256=hashlib.sha256(task.content).hexdigest(),
        grader_sha256=hashlib.sha256(grader).hexdigest(),
        checks=(check,),
    )
    return msgspec.json.encode(report)


def isolation_for_strangers(asked: str | None) -> str:
    """The isolation to grade strangers' answers with.

    Raises:
        KitError: this machine cannot isolate, and nobody said that this is all right.
    """
    if asked is None and best_tier() == PROCESS:
        raise KitError(
            "This machine cannot isolate code, so answers of strangers are not safe here: "
            "`kit doctor` says what is missing.\n"
            "If you trust every answer, add `--isolation=process`."
        )
    return asked or best_tier()


class _Place:
    """The core that this process, its zygotes and so their workers keep to, once it is warm.

    Grader and worker take turns. To wake each other up on another core costs them more than they
    gain by having two; while they import torch, it is the other way round. Which core is for
    the system to say, which knows what else is going on: every now and then, for one answer.

    `benchmarks/cores.py` measures it. On two busy cores softmax took 2 % less CPU and wall time so,
    and safe_training_step 3 %; in two earlier runs softmax took 5 % and 25 % less wall time.
    """

    def __init__(self) -> None:
        self._anywhere = os.sched_getaffinity(0)
        self._here = ctypes.CDLL(None).sched_getcpu
        self._count = 0
        self._stays_until: float | None = None

    def graded(self) -> None:
        """After each answer: stay, move on, or settle."""
        self._count += 1
        if self._count < WARM or time.monotonic() < (self._stays_until or 0):
            return
        if self._stays_until is None:
            self._stays_until = time.monotonic() + STAY_SECONDS
            self._keep_to({self._here()})
        else:
            self._stays_until = None
            self._keep_to(self._anywhere)

    def _keep_to(self, cores: set[int]) -> None:
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # it has ended, or the core was taken away
                for number in (thread.name, *(thread / "children").read_text().split()):
                    os.sched_setaffinity(int(number), cores)


_place: _Place | None = None  # of a grader that has this process for itself


def start() -> None:
    """What a local grader process does first."""
    global _place
    if hasattr(os, "sched_setaffinity"):
        _place = _Place()
    gc.disable()  # while its first answer has modules imported, there is nothing to collect
    follow_parent()


def warm_up(course: str, exercises: list[str], isolation: str | None) -> None:
    """Open the sessions of some exercises before the first task."""
    sessions = _sessions_of(course, isolation)
    for name in exercises:
        sessions.of(sessions.course.find(name))


def _sessions_of(course: str, isolation: str | None) -> Sessions:
    key = course, isolation
    if key not in _sessions:
        root = shipped.get(course, Path(course))
        _sessions[key] = Sessions(Course(root), isolation_for_strangers(isolation))
    return _sessions[key]
