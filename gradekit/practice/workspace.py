"""What a learner practises in: the answers of a folder, and where the learner stands."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.files import put_aside, writing
from gradekit.practice import settings
from gradekit.practice.events import GRADED, PROGRESS, Event, Log
from gradekit.report import Report
from gradekit.submission import Submission, read

KEPT = Path(".kit") / "passed"  # in a practice folder: the last answer to each with full marks
State = Literal["new", "started", "solved", "broken"]


class Workspace:
    """A practice folder, or a course's own exercises/ where no such folder is."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder = folder
        self.course = course
        self.log = Log(folder / PROGRESS)

    @property
    def is_practice(self) -> bool:
        """Whether progress is kept here."""
        return self.log.exists

    def answer(self, exercise: Exercise) -> Path:
        """The file that the learner edits."""
        return self.folder / exercise.file_name

    def notebook(self, exercise: Exercise) -> Path | None:
        """A notebook of the answer's name beside it, if there is one."""
        path = self.answer(exercise).with_suffix(".ipynb")
        return path if path.is_file() else None

    def passed_answer(self, exercise: Exercise) -> Submission | None:
        """The last answer with full marks, where one was kept."""
        path = self.folder / KEPT / exercise.file_name
        return read(path) if path.is_file() else None

    def keep_passed(self, exercise: Exercise, submission: Submission) -> None:
        """Keep an answer that earned full marks, for the day on which another one does not.

        Raises:
            KitError: the folder cannot be written.
        """
        if not self.is_practice:
            return
        path = self.folder / KEPT / exercise.file_name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(submission.cells), "utf-8")

    def read_answer(self, exercise: Exercise) -> Submission:
        """The answer as it stands now.

        Raises:
            KitError: there is nothing that could be graded.
        """
        path = self.answer(exercise)
        if self.is_practice and not path.exists():
            notebook = self.notebook(exercise)
            command = f"`kit check {exercise.slug} {notebook.name}`" if notebook else ""
            beside = f"\nThere is a notebook: {command}." if notebook else ""
            raise KitError(
                f"{path} is not there any more: `kit reset {exercise.slug}` writes it anew.{beside}"
            )
        return read(path)

    def is_stub(self, exercise: Exercise) -> bool:
        """Whether the learner's file is there, just as it came."""
        stub = self.course.stub(exercise).read_bytes()
        try:
            return self.answer(exercise).read_bytes() == stub
        except OSError:  # it is not there, or cannot be read
            return False

    def events(self) -> Iterator[Event]:
        """What was done in this folder, oldest first; nothing where no progress is kept.

        Raises:
            KitError: progress.jsonl cannot be read.
        """
        return self.log.events()

    def record(self, event: str, exercise: Exercise, **fields: Any) -> None:
        """Note an event, where progress is kept.

        Raises:
            KitError: the file cannot be written.
        """
        if not self.is_practice:
            return
        self.log.append(Event(time.time(), event, exercise.name, **fields))

    def record_check(
        self, report: Report, exercise: Exercise, event: str = "checked", rating: int = 0
    ) -> None:
        """Remember what a graded answer earned, and what it got wrong; a stub earned nothing.

        The same answer graded again is no other try: two watches may look at one file.
        """
        stub = self.course.stub(exercise).read_bytes()
        if report.submission_sha256 == hashlib.sha256(stub).hexdigest():
            return
        written = [check for check in report.failed if not check.is_unwritten]
        known = report.behaves_like.items()
        fields: dict[str, Any] = {
            "score": report.score,
            "max_score": report.judged_score,
            "passed": report.passed,
            "sha256": report.submission_sha256,
            "failed": tuple(
                check.title
                for check in written
                if check.max_score and not report.common_problem  # a file that does not run
            ),
            "mistakes": tuple(f"{function}: {mistake}" for function, mistake in known),
            "unfinished": len(written) < len(report.failed) or bool(report.common_problem),
            "rating": rating,
        }
        with self.log.alone():  # a second watch may look at the same file
            own = [e for e in self.events() if e.exercise == exercise.name and e.event != "opened"]
            if own and own[-1] == Event(own[-1].time, event, exercise.name, **fields):
                return
            self.record(event, exercise, **fields)

    def states(self) -> dict[str, State]:
        """Where the learner stands with each exercise, by name."""
        states: dict[str, State] = {}
        for event in self.events():
            was_solved = states.get(event.exercise) in ("solved", "broken")
            if event.event == "checked":
                missing: State = "broken" if was_solved else "started"
                states[event.exercise] = "solved" if event.full_marks else missing
            elif event.event == "interviewed" and not was_solved:  # in a file of its own
                states[event.exercise] = "solved" if event.full_marks else "started"
            elif event.event == "reset":
                states[event.exercise] = "new"
        return states

    def seed_of(self, exercise: Exercise) -> int:
        """Of the cases that checks draw: the folder's own, another one after each review."""
        if not self.is_practice:
            return 0
        own = [event for event in self.events() if event.exercise == exercise.name]
        reviews = sum(event.event == "review_began" for event in own)
        return settings.read(self.folder).seed + reviews

    def solved(self) -> set[str]:
        """The exercises that were solved, whatever has become of the answer since."""
        names = {exercise.name for exercise in self.course.exercises}
        states = self.states().items()
        return names & {name for name, state in states if state in ("solved", "broken")}

    def has_solved(self, exercise: Exercise) -> bool:
        """Whether an answer to it ever earned full marks."""
        return any(
            event.event in GRADED and event.full_marks
            for event in self.events()
            if event.exercise == exercise.name
        )

    def earned_full_marks(self, exercise: Exercise, sha256: str) -> bool:
        """Whether this very answer was graded and earned every point."""
        return any(
            event.sha256 == sha256 and event.full_marks
            for event in self.events()
            if event.exercise == exercise.name
        )

    def has_seen_solution(self, exercise: Exercise) -> bool:
        """Whether the solution is no secret any more: solved, or given up."""
        gave_up = (e.exercise == exercise.name and e.event == "gave_up" for e in self.events())
        return any(gave_up) or self.has_solved(exercise)

    def hint_level(self, exercise: Exercise) -> int:
        """How much help there has been so far, from 0 to the third hint's 3."""
        hints = [e.level for e in self.events() if e.exercise == exercise.name]
        return max(hints, default=0)

    def hints_shown(self, exercise: Exercise) -> int:
        """How many hints have been shown, from 0; `kit explain` helps as much, and shows none."""
        own = [e for e in self.events() if e.exercise == exercise.name and e.event == "hint"]
        return max((event.level for event in own), default=0)

    def reset(self, exercise: Exercise) -> Path | None:
        """Put the stub in place of the answer; return where the answer is kept, if there was one.

        Where the stub already is, nothing happens.

        Raises:
            KitError: the folder cannot be written.
        """
        if self.is_stub(exercise):
            return None
        kept = self.lay_stub(exercise, self.answer(exercise))
        self.record("reset", exercise)
        return kept

    def lay_stub(self, exercise: Exercise, path: Path) -> Path | None:
        """Put the stub at `path`; return where what was there is kept, if it was another text.

        Raises:
            KitError: the folder cannot be written.
        """
        stub = self.course.stub(exercise).read_bytes()
        with writing(path):
            path.parent.mkdir(exist_ok=True)
            is_other = path.exists() and path.read_bytes() != stub
            kept = put_aside(path) if is_other else None
            path.write_bytes(stub)
        return kept

    def next_exercise(self) -> Exercise | None:
        """What to do next: what broke, then what was started, then the easiest new one."""
        states = self.states()
        order = {"broken": 0, "started": 1, "new": 2}
        there = [e for e in self.course.exercises if self.answer(e).is_file()]
        unsolved = [e for e in there or self.course.exercises if states.get(e.name) != "solved"]
        return min(
            unsolved,
            key=lambda e: (order[states.get(e.name, "new")], e.difficulty, e.minutes, e.number),
            default=None,
        )
