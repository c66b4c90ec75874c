"""The folder that a learner practises in: stubs, and one plain file of progress.

progress.jsonl is only ever appended to, a line an event. So it survives crashes (a line
cut short is skipped), merges (the union of two files is a file), and newer versions
(unknown events are kept and ignored).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.report import Report

PROGRESS = "progress.jsonl"
State = Literal["new", "started", "solved", "broken"]


class Event(msgspec.Struct, omit_defaults=True):
    """One line of progress.jsonl. `time` is in seconds since 1970, UTC."""

    time: float
    event: str  # checked, hint, gave_up, reset
    exercise: str
    score: float = 0.0
    max_score: float = 0.0
    level: int = 0  # of a hint


class Workspace:
    """A practice folder, or a course's own exercises/ where no such folder is."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder = folder
        self.course = course

    @property
    def is_practice(self) -> bool:
        """Whether progress is kept here."""
        return (self.folder / PROGRESS).is_file()

    def answer(self, exercise: Exercise) -> Path:
        """The file that the learner edits."""
        return self.folder / exercise.file_name

    def events(self) -> Iterator[Event]:
        """All readable events, oldest first."""
        found = []
        if self.is_practice:
            for line in (self.folder / PROGRESS).read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError):
                    found.append(msgspec.json.decode(line, type=Event))
        return iter(sorted(found, key=lambda event: event.time))

    def record(self, event: str, exercise: Exercise, **fields: float) -> None:
        """Append an event, in one write that reaches the disk."""
        if not self.is_practice:
            return
        line = msgspec.json.encode(
            msgspec.convert(
                {"time": time.time(), "event": event, "exercise": exercise.name, **fields}, Event
            )
        )
        with (self.folder / PROGRESS).open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:  # a line that a crash cut short must not swallow this one
                file.seek(end - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def record_check(self, report: Report, exercise: Exercise) -> None:
        """Remember the points of a graded answer."""
        self.record("checked", exercise, score=report.score, max_score=report.max_score)

    def states(self) -> dict[str, State]:
        """Where the learner stands with each exercise, by name."""
        states: dict[str, State] = {}
        for event in self.events():
            if event.event == "checked":
                full = event.max_score > 0 and event.score >= event.max_score
                was_solved = states.get(event.exercise) in ("solved", "broken")
                missing: State = "broken" if was_solved else "started"
                states[event.exercise] = "solved" if full else missing
            elif event.event == "reset":
                states[event.exercise] = "new"
        return states

    def has_solved(self, exercise: Exercise) -> bool:
        """Whether an answer to it ever earned full marks."""
        return any(
            event.event == "checked" and event.score >= event.max_score > 0
            for event in self.events()
            if event.exercise == exercise.name
        )

    def hint_level(self, exercise: Exercise) -> int:
        """The highest hint shown so far, from 0."""
        hints = [e.level for e in self.events() if e.exercise == exercise.name]
        return max(hints, default=0)

    def next_exercise(self) -> Exercise | None:
        """The first one that is broken or unsolved, in the course's order."""
        states = self.states()
        unsolved = [e for e in self.course.exercises if states.get(e.name) != "solved"]
        return unsolved[0] if unsolved else None


def create(folder: Path, course: Course) -> tuple[Workspace, int]:
    """Make `folder` a practice folder; return it and how many stubs were written.

    Files that exist stay as they are.

    Raises:
        KitError: the folder cannot be written.
    """
    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for exercise in course.exercises:
            target = folder / exercise.file_name
            if not target.exists():
                target.write_bytes(course.stub(exercise).read_bytes())
                written += 1
        (folder / PROGRESS).touch()
    except OSError as error:
        raise KitError(
            f"{error.filename or folder} cannot be written: {error.strerror}.\n"
            "Name another folder: `kit init DIR`."
        ) from None
    return Workspace(folder, course), written


def find(course: Course) -> Workspace | None:
    """The workspace that the current folder belongs to.

    That is the nearest folder upwards with a progress file; else the exercises/ of a
    course checkout that one stands in; else none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROGRESS).is_file():
            return Workspace(folder, course)
    for folder in (here, *here.parents):
        if folder == course.root:
            return Workspace(folder / "exercises", course)
    return None
