"""`kit review`: what is due, written again from blank, in a folder of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gradekit.course import Exercise
from gradekit.files import put_aside
from gradekit.practice import schedule
from gradekit.practice.events import Event
from gradekit.practice.schedule import RATINGS
from gradekit.practice.watch.task import Actions
from gradekit.practice.workspace import Workspace
from gradekit.report import Report
from gradekit.submission import Submission, read
from gradekit.texts import counted

if TYPE_CHECKING:
    from gradekit.practice.watch.watch import Watch

FOLDER = "review"


class Review:
    """The task of writing what is due from blank. A pass ends with a rating, to be overruled."""

    def __init__(self, workspace: Workspace, due: list[Exercise]) -> None:
        self.workspace, self.exercise = workspace, due[0]
        self._due = due
        self._number = 0
        self.is_over = False  # rated, and the file is put away

    @property
    def path(self) -> Path:
        """The blank copy, kept until it is rated: a review can be left and taken up again."""
        return self.workspace.folder / FOLDER / self.exercise.file_name

    @property
    def headline(self) -> str:
        """How many are due."""
        return f"review {self._number + 1} of {len(self._due)}, from blank"

    @property
    def hints_seen(self) -> int:
        """In this review."""
        return max((event.level for event in self._history()), default=0)

    def read(self) -> Submission:
        """The copy as it stands now."""
        return read(self.path)

    def begin(self) -> None:
        """Lay a blank copy, or take up the one that is there."""
        self.is_over = False
        if self.path.exists():
            self.workspace.record("opened", self.exercise)
            return
        self.workspace.lay_stub(self.exercise, self.path)
        self.workspace.record("review_began", self.exercise)

    def record(self, report: Report, submission: Submission) -> None:
        """Note it in the progress, until it is rated."""
        if not self.is_over:
            self.workspace.record_check(report, self.exercise, "review_checked")

    def put_stub(self) -> Path | None:
        """Start over from blank."""
        return self.workspace.lay_stub(self.exercise, self.path)

    def keys(self, watch: Watch) -> dict[str, str]:
        """What helps now; after a pass, the ratings."""
        if self.is_over:
            return {**({"n": "next"} if self._has_next else {}), "s": "solution", "q": "quit"}
        if watch.passed:
            return {"enter": f"take {RATINGS[self._rating]}", "1-4": "or overrule", "q": "later"}
        hint = {"h": "hint"} if watch.has_more_hints else {}
        return {**hint, "g": "give up", "r": "run again", "x": "from blank", "q": "later"}

    def actions(self, watch: Watch) -> Actions:
        """Those of the keys that are offered."""
        every: Actions = {
            "n": lambda: self._move_on(watch),
            "s": lambda: watch.show("solution"),
            "h": watch.hint,
            "r": lambda: watch.grade(again=True),
            "enter": lambda: self._rate(watch, self._rating),
            "g": lambda: watch.ask(
                "Give up, and see the model answer?", partial(self._give_up, watch)
            ),
            "x": lambda: watch.ask("Start over from blank?", watch.reset),
        }
        offered = self.keys(watch)
        actions = {key: act for key, act in every.items() if key in offered}
        if "1-4" in offered:
            actions |= {str(number): partial(self._rate, watch, number) for number in RATINGS}
        return actions

    def advice(self, watch: Watch) -> str:
        """The rating that it looks like, and what each would mean."""
        if self.is_over:
            return "Rated. " + ("Press n for the next one." if self._has_next else "All done.")
        offers = [
            f"{number} {name} ({days(schedule.days_until(self.workspace, self.exercise, number))})"
            for number, name in RATINGS.items()
        ]
        return f"Solved. It looks like `{RATINGS[self._rating]}`. Due again: {', '.join(offers)}."

    @property
    def _has_next(self) -> bool:
        return self._number + 1 < len(self._due)

    @property
    def _rating(self) -> int:
        effort = schedule.effort_of(self._history())
        return schedule.rating_of(effort, self.exercise.minutes)

    def _history(self) -> list[Event]:
        """The events of this review, from the last time that it began."""
        own = [e for e in self.workspace.events() if e.exercise == self.exercise.name]
        began = [number for number, e in enumerate(own) if e.event == "review_began"]
        return own[began[-1] :] if began else own

    def _give_up(self, watch: Watch) -> None:
        self.workspace.record("gave_up", self.exercise)
        self._rate(watch, schedule.AGAIN)
        watch.show("solution")

    def _rate(self, watch: Watch, rating: int) -> None:
        """Note the rating; the answer is kept beside the next blank one."""
        score = watch.report.score if watch.report else 0.0
        total = watch.report.max_score if watch.report else 0.0
        self.workspace.record(
            "reviewed", self.exercise, rating=rating, score=score, max_score=total
        )
        self.is_over = True
        if self.path.exists():  # it may be given up after it was deleted
            put_aside(self.path)
        when = days(schedule.days_until_due(self.workspace, self.exercise) or 0)
        watch.note = f"{self.exercise.title}: rated {RATINGS[rating]}, due {when}."

    def _move_on(self, watch: Watch) -> None:
        self._number += 1
        watch.open(self._due[self._number])


def days(count: int) -> str:
    """`today`, `in 1 day`, `in 12 days`."""
    return f"in {counted(count, 'day')}" if count > 0 else "today"
