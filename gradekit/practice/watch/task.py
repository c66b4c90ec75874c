"""What a watch is about: whose file, what is remembered of it, and what the keys do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.practice.watch.drawing import draw_in_background
from gradekit.practice.workspace import Workspace
from gradekit.report import Report
from gradekit.submission import Submission

if TYPE_CHECKING:
    from gradekit.practice.watch.watch import Watch

Actions = dict[str, Callable[[], None]]


class Task(Protocol):
    """One exercise at a time, in a file of its own."""

    exercise: Exercise

    @property
    def path(self) -> Path:
        """The file that is watched."""

    @property
    def headline(self) -> str:
        """What the footer says instead of how many exercises are solved; may be empty."""

    @property
    def hints_seen(self) -> int:
        """The highest hint that need not be asked for again."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is graded any more."""

    def read(self) -> Submission:
        """What is to be graded.

        Raises:
            KitError: there is nothing that could be.
        """

    def begin(self) -> None:
        """Note that work on the exercise begins."""

    def record(self, report: Report, submission: Submission) -> None:
        """Note what an answer earned."""

    def put_stub(self) -> Path | None:
        """Start over; return where the answer is kept, if there was one."""

    def keys(self, watch: Watch) -> dict[str, str]:
        """The keys that are useful now, and what they do."""

    def actions(self, watch: Watch) -> Actions:
        """What the keys that are offered now do."""

    def advice(self, watch: Watch) -> str:
        """What to do after a pass."""


class Practice:
    """The learner's own answers, one exercise after the other."""

    headline = ""
    is_over = False

    def __init__(self, course: Course, workspace: Workspace, exercise: Exercise) -> None:
        self.course, self.workspace, self.exercise = course, workspace, exercise

    @property
    def path(self) -> Path:
        """The answer."""
        return self.workspace.answer(self.exercise)

    @property
    def hints_seen(self) -> int:
        """As the practice folder remembers."""
        return self.workspace.hint_level(self.exercise)

    def read(self) -> Submission:
        """The answer as it stands now."""
        return self.workspace.read_answer(self.exercise)

    def begin(self) -> None:
        """Note it in the progress."""
        self.workspace.record("opened", self.exercise)

    def record(self, report: Report, submission: Submission) -> None:
        """Note it in the progress, if it is still the answer; one with full marks is kept.

        Two watches may run on one file. Then the slower one may report a version after the other
        has reported that one, and the next as well.
        """
        if report.passed:
            self.workspace.record_check(report, self.exercise)
            self.workspace.keep_passed(self.exercise, submission)
        elif self._is_still(submission):
            self.workspace.record_check(report, self.exercise)

    def _is_still(self, submission: Submission) -> bool:
        try:
            return self.read().sha256 == submission.sha256
        except KitError:
            return False

    def put_stub(self) -> Path | None:
        """As `kit reset`."""
        return self.workspace.reset(self.exercise)

    def keys(self, watch: Watch) -> dict[str, str]:
        """What helps now."""
        may_see = watch.passed or self.workspace.has_seen_solution(self.exercise)
        offered = {
            "n": "next" if watch.passed and self._next() else "",
            "h": "hint" if watch.has_more_hints and not watch.passed else "",
            "e": ("stop looking" if watch.is_locating else "explain") if watch.may_locate else "",
            "s": "solution" if may_see else "",
            "l": "list",
            "p": "picture" if watch.report and watch.report.score else "",
            "r": "run again",
            "x": "reset",
            "q": "quit",
        }
        return {key: does for key, does in offered.items() if does}

    def actions(self, watch: Watch) -> Actions:
        """Those of the keys that are offered."""
        every: Actions = {
            "n": lambda: self._move_on(watch),
            "h": watch.hint,
            "e": watch.locate,
            "s": lambda: watch.show("solution"),
            "l": lambda: watch.show("list"),
            "p": lambda: self._picture(watch),
            "r": lambda: watch.grade(again=True),
            "x": lambda: watch.ask("Replace your answer by the stub?", watch.reset),
        }
        offered = self.keys(watch)
        return {key: act for key, act in every.items() if key in offered}

    def advice(self, watch: Watch) -> str:
        """The next exercise, if there is one, and the model answer."""
        if self._next():
            return "Solved. Press n for the next exercise, or s to compare with the model answer."
        return "Solved. Press s to compare with the model answer."

    def _next(self) -> Exercise | None:
        upcoming = self.workspace.next_exercise()
        return upcoming if upcoming != self.exercise else None

    def _move_on(self, watch: Watch) -> None:
        if upcoming := self._next():
            watch.open(upcoming)

    def _picture(self, watch: Watch) -> None:
        """Draw in the background; the note says when and where."""
        watch.note = "drawing ..."
        target = self.workspace.folder / "pictures" / f"{self.exercise.name}.png"
        draw_in_background(self.course, self.exercise, self.path, target, watch.terminal.inbox)
