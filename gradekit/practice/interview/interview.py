"""A mock interview: which questions, how long each took, and what came of it.

It lives in a folder of its own, so that it can be left and taken up again; once it is graded
the folder is put away under its date.
"""

from __future__ import annotations

import datetime
import random
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gradekit.course import Course, Exercise
from gradekit.files import replace_whole_file, writing
from gradekit.practice import schedule
from gradekit.practice.workspace import Workspace
from gradekit.report import Report

FOLDER, STATE, DONE = "interview", "interview.json", "interviews"
RECENT_SECONDS = 14 * 86400


class Question(msgspec.Struct):
    """One exercise of the interview; `report` is None until it is graded."""

    exercise: str
    seconds: float = 0.0
    report: Report | None = None


class Interview(msgspec.Struct):
    """What interview.json holds. The clock only runs while somebody is sitting the interview."""

    minutes: float
    questions: list[Question]
    current: int = 0

    @property
    def seconds_left(self) -> float:
        return max(0.0, 60 * self.minutes - sum(q.seconds for q in self.questions))


def draw(
    workspace: Workspace,
    count: int,
    minutes: float,
    topic: str | None,
    rng: random.Random,
    part: int | None = None,
) -> Interview:
    """Draw exercises that were not done lately and that fit into the time, as far as possible.

    Raises:
        KitError: no exercise has the topic, or there is no such part.
    """
    course = workspace.course
    wanted = course.with_topic(topic, course.in_part(part))
    last = {event.exercise: event.time for event in workspace.events()}
    rng.shuffle(wanted)
    recently = time.time() - RECENT_SECONDS
    wanted.sort(key=lambda e: last[e.name] if last.get(e.name, 0) > recently else 0)
    drawn: list[Exercise] = []
    left = minutes
    for exercise in wanted:
        if len(drawn) < count and exercise.minutes <= left:
            drawn.append(exercise)
            left -= exercise.minutes
    shortest = sorted((e for e in wanted if e not in drawn), key=lambda e: e.minutes)
    drawn += shortest[: count - len(drawn)]
    return Interview(minutes, [Question(exercise.name) for exercise in drawn])


def folder_of(workspace: Workspace) -> Path:
    return workspace.folder / FOLDER


def begin(workspace: Workspace, interview: Interview) -> None:
    """Lay out the blank files.

    Raises:
        KitError: the folder cannot be written.
    """
    folder = folder_of(workspace)
    with writing(folder):
        folder.mkdir(exist_ok=True)
        for exercise in exercises_of(workspace.course, interview):
            blank = workspace.course.stub(exercise).read_bytes()
            (folder / exercise.file_name).write_bytes(blank)
    save(workspace, interview)


def save(workspace: Workspace, interview: Interview) -> None:
    """Keep the state, whole even if the machine stops in the middle of it.

    Raises:
        KitError: the folder cannot be written.
    """
    path = folder_of(workspace) / STATE
    with writing(path):
        replace_whole_file(path, msgspec.json.format(msgspec.json.encode(interview), indent=1))


def resume(workspace: Workspace) -> Interview | None:
    """The interview that was left, if there is one of exercises that still exist."""
    try:
        content = (folder_of(workspace) / STATE).read_bytes()
        interview = msgspec.json.decode(content, type=Interview)
    except (OSError, msgspec.DecodeError):
        return None
    known = {exercise.name for exercise in workspace.course.exercises}
    names = [question.exercise for question in interview.questions]
    in_range = 0 <= interview.current < len(names)
    return interview if in_range and known.issuperset(names) else None


def exercises_of(course: Course, interview: Interview) -> list[Exercise]:
    return [course.find(question.exercise) for question in interview.questions]


def file_of(workspace: Workspace, question: Question) -> Path:
    return folder_of(workspace) / workspace.course.find(question.exercise).file_name


def record(workspace: Workspace, question: Question, report: Report) -> None:
    """Note the one graded run of a question; it also says when to review the exercise."""
    question.report = report
    exercise = workspace.course.find(question.exercise)
    rating = rating_of(report, question.seconds / 60, exercise.minutes)
    workspace.record_check(report, exercise, "interviewed", rating)


def rating_of(report: Report, minutes: float, expected_minutes: int) -> int:
    """How well it went, from the only run and the time."""
    # Where the examples are all that is judged, they decide.
    share = report.score / report.judged_score if report.judged_score else float(report.passed)
    if share < 0.5:
        return schedule.AGAIN
    if share < 1.0:
        return schedule.HARD
    return schedule.EASY if minutes <= 0.5 * expected_minutes else schedule.GOOD


def put_away(workspace: Workspace, interview: Interview) -> Path:
    """Keep the finished interview under its date; return where.

    Raises:
        KitError: the folder cannot be written.
    """
    save(workspace, interview)
    name = datetime.datetime.now().astimezone().strftime("%Y-%m-%d_%H%M%S")
    target = workspace.folder / DONE / name
    with writing(target):
        target.parent.mkdir(exist_ok=True)
        return folder_of(workspace).rename(target)


def points(questions: Iterable[Question]) -> tuple[float, float]:
    """Points earned, and points to be had here: what waits for a mark is left out."""
    reports = [question.report for question in questions if question.report]
    return sum(r.score for r in reports), sum(r.judged_score for r in reports)
