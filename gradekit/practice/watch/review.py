"""`kit review`: what is due, written again from blank, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from gradekit.course import Course, Exercise
from gradekit.practice import schedule
from gradekit.practice.schedule import RATINGS
from gradekit.practice.screen.terminal import Terminal
from gradekit.practice.watch.watch import Watch
from gradekit.practice.workspace import Event, Workspace, put_aside
from gradekit.report import Report
from gradekit.submission import Submission, read

FOLDER = "review"


class Review(Watch):
    """A watch on blank copies. A pass ends with a rating, which may be overruled."""

    def __init__(
        self, course: Course, workspace: Workspace, terminal: Terminal, due: list[Exercise]
    ) -> None:
        self._due = due
        self._number = 0
        self._rated = False
        super().__init__(course, workspace, terminal, due[0])

    @property
    def path(self) -> Path:
        """The blank copy, kept until it is rated: a review can be left and taken up again."""
        return self.workspace.folder / FOLDER / self.exercise.file_name

    def _read(self) -> Submission:
        return read(self.path)

    @property
    def keys(self) -> dict[str, str]:
        if self.view != "report":
            return {"r": "back to the report", "q": "quit"}
        if self._rated:
            more = {"n": "next"} if self._number + 1 < len(self._due) else {}
            return {**more, "s": "solution", "q": "quit"}
        if self.passed:
            return {"enter": f"take {RATINGS[self._rating]}", "1-4": "or overrule", "q": "later"}
        hint = {"h": "hint"} if self.hint_level < 3 else {}
        return {**hint, "g": "give up", "r": "run again", "x": "from blank", "q": "later"}

    @property
    def advice(self) -> str:
        if self._rated:
            return "Rated. " + ("Press n for the next one." if "n" in self.keys else "All done.")
        offers = [
            f"{number} {name} ({days(schedule.days_until(self.workspace, self.exercise, number))})"
            for number, name in RATINGS.items()
        ]
        return f"Solved. It looks like `{RATINGS[self._rating]}`. Due again: {', '.join(offers)}."

    @property
    def headline(self) -> str:
        return f"review {self._number + 1} of {len(self._due)}, from blank"

    @property
    def _rating(self) -> int:
        effort = schedule.effort_of(self._history())
        return schedule.rating_of(effort, self.exercise.minutes)

    def _history(self) -> list[Event]:
        """The events of this review, from the last time that it began."""
        own = [e for e in self.workspace.events() if e.exercise == self.exercise.name]
        began = [number for number, e in enumerate(own) if e.event == "review_began"]
        return own[began[-1] :] if began else own

    def _begin(self) -> None:
        self._rated = False
        if self.path.exists():
            self.workspace.record("opened", self.exercise)  # taken up again
            return
        self.workspace.lay_stub(self.exercise, self.path)
        self.workspace.record("review_began", self.exercise)

    def _record(self, report: Report) -> None:
        if not self._rated:
            self.workspace.record_check(report, self.exercise, "review_checked")

    @property
    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            **super()._actions,
            **{str(number): partial(self._rate, number) for number in RATINGS},
            "enter": lambda: self._rate(self._rating),
            "g": lambda: self._ask("Give up, and see the model answer?", self._give_up),
            "x": lambda: self._ask("Start over from blank?", self._reset),
        }

    def _is_offered(self, key: str) -> bool:
        overrules = "1-4" in self.keys and key in map(str, RATINGS)
        return overrules or super()._is_offered(key)

    @property
    def _hints_seen(self) -> int:
        return max((event.level for event in self._history()), default=0)

    def _grade(self, *, settled: bool = False, again: bool = False) -> None:
        if not self._rated:  # the file is put away then
            super()._grade(settled=settled, again=again)

    def _put_stub(self) -> Path | None:
        return self.workspace.lay_stub(self.exercise, self.path)

    def _give_up(self) -> None:
        self.workspace.record("gave_up", self.exercise)
        self._rate(schedule.AGAIN)
        self.view = "solution"

    def _rate(self, rating: int) -> None:
        """Note the rating; the answer is kept beside the next blank one."""
        score = self.report.score if self.report else 0.0
        total = self.report.max_score if self.report else 0.0
        self.workspace.record(
            "reviewed", self.exercise, rating=rating, score=score, max_score=total
        )
        self._rated = True
        if self.path.exists():  # it may be given up after it was deleted
            put_aside(self.path)
        when = days(schedule.days_until_due(self.workspace, self.exercise) or 0)
        self.note = f"{self.exercise.title}: rated {RATINGS[rating]}, due {when}."

    def _move_on(self) -> None:
        self._number += 1
        self._open(self._due[self._number])


def days(count: int) -> str:
    """`today`, `in 1 day`, `in 12 days`."""
    return f"in {count} day{'s' * (count != 1)}" if count > 0 else "today"
