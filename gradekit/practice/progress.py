"""What the events of a practice folder add up to: time, points, streak, mistakes."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from gradekit.course import Course, Exercise
from gradekit.practice.events import GRADED, Event
from gradekit.practice.workspace import State, Workspace

IDLE_SECONDS = 20 * 60  # whoever does nothing for longer was away


class Standing(NamedTuple):
    """Where one stands with an exercise: its best score, and how many versions were graded."""

    exercise: Exercise
    state: State
    score: float
    max_score: float
    attempts: int
    hints: int
    seconds: float
    last: float | None  # when it was last worked on, in seconds since 1970


class Share(NamedTuple):
    """The points of one topic, or of one part of the course."""

    name: str
    score: float
    max_score: float


def standings(workspace: Workspace) -> list[Standing]:
    """All exercises of the course, in its order."""
    events, states = list(workspace.events()), workspace.states()
    # Learners of a class have examples only, which earn nothing.
    most = 0.0 if workspace.course.about.edition == "learner" else 10.0
    seconds = seconds_spent(events)
    found = []
    for exercise in workspace.course.exercises:
        own = [event for event in events if event.exercise == exercise.name]
        checked = [event for event in own if event.event in GRADED]
        state = states.get(exercise.name, "new")
        found.append(
            Standing(
                exercise,
                state,
                max((e.score for e in checked), default=0.0) if state != "new" else 0.0,
                checked[-1].max_score if checked else most,
                len({event.sha256 or str(event.time) for event in checked}),
                max((event.level for event in own), default=0),
                sum(seconds[exercise.name].values()),
                own[-1].time if own else None,
            )
        )
    return found


def seconds_spent(events: Iterable[Event]) -> dict[str, dict[datetime.date, float]]:
    """Time by exercise and day: from one event to the next, unless one was away between."""
    spent: dict[str, dict[datetime.date, float]] = defaultdict(lambda: defaultdict(float))
    for before, after in pairwise(events):
        seconds = after.time - before.time
        if 0 < seconds <= IDLE_SECONDS:
            # Opening another exercise ends the work on the one before.
            worked_on = before if after.event == "opened" else after
            spent[worked_on.exercise][day_of(after)] += seconds
    return spent


def shares(standings: Iterable[Standing]) -> list[Share]:
    """Points by topic, the most common topics first."""
    points: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        for topic in standing.exercise.topics:
            points[topic].append(standing)
    found = [
        Share(topic, sum(s.score for s in own), sum(s.max_score for s in own))
        for topic, own in points.items()
    ]
    return sorted(found, key=lambda share: (-share.max_score, share.name))


def shares_of_parts(course: Course, standings: Iterable[Standing]) -> list[Share]:
    """Points by part of the course, in its order."""
    every = list(standings)
    found = []
    for number, name in enumerate(course.parts, start=1):
        own = [standing for standing in every if standing.exercise.part == number]
        found.append(Share(name, sum(s.score for s in own), sum(s.max_score for s in own)))
    return found


def streak(events: Iterable[Event], today: datetime.date) -> int:
    """How many days in a row something was done, up to today or yesterday."""
    days = {day_of(event) for event in events}
    day = today if today in days else today - datetime.timedelta(days=1)
    count = 0
    while day in days:
        count += 1
        day -= datetime.timedelta(days=1)
    return count


def mistakes(events: Iterable[Event]) -> list[tuple[str, str, int]]:
    """Exercise, mistake and how often it was made, the most frequent first.

    A mistake that stays from one check to the next is made once; when it is gone and comes
    back, it is made again. Where it has no name, the check that found it stands for it. A file
    that does not run tells of none.
    """
    made: Counter[tuple[str, str]] = Counter()
    standing: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.event in GRADED:
            now = dict.fromkeys(event.mistakes or event.failed)  # a set would shuffle them
            if event.unfinished and not now:
                continue
            before = standing[event.exercise]
            made.update((event.exercise, each) for each in now if each not in before)
            standing[event.exercise] = set(now)
    return [(exercise, mistake, count) for (exercise, mistake), count in made.most_common()]


def day_of(event: Event) -> datetime.date:
    """The day of an event on the learner's own calendar."""
    return datetime.datetime.fromtimestamp(event.time).astimezone().date()
