"""When what is due: ratings from what happened, and a schedule made from events alone."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import msgspec
import pytest

from gradekit.course import Course
from gradekit.practice import folders, schedule
from gradekit.practice.events import PROGRESS, Event
from gradekit.practice.schedule import AGAIN, EASY, GOOD, HARD, Effort, Key
from gradekit.practice.workspace import Workspace

SOFTMAX = "exercise_05_softmax"
DAY = 86400.0


@pytest.fixture
def place(tmp_path: Path, course: Course) -> Workspace:
    return folders.create(tmp_path, course)[0]


def write(place: Workspace, *events: Event) -> None:
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    (place.folder / PROGRESS).write_bytes(lines)


def solved(when: float, **fields) -> Event:
    return Event(when, "checked", SOFTMAX, score=10.0, max_score=10.0, sha256="x", **fields)


@pytest.mark.parametrize(
    ("effort", "rating"),
    [
        (Effort(1.0, 1, 0, 5, False), EASY),
        (Effort(1.0, 1, 0, 12, False), GOOD),
        (Effort(0.7, 3, 0, 5, False), GOOD),
        (Effort(0.4, 2, 0, 5, False), HARD),
        (Effort(1.0, 1, 1, 5, False), HARD),
        (Effort(1.0, 1, 0, 40, False), HARD),
        (Effort(0.9, 7, 0, 12, False), HARD),
        (Effort(1.0, 1, 3, 5, False), AGAIN),
        (Effort(1.0, 1, 0, 5, True), AGAIN),
    ],
)
def test_the_rating_follows_points_attempts_hints_and_minutes(effort, rating):
    """Of a fifteen-minute exercise: each of them can make it harder."""
    assert schedule.rating_of(effort, 15) == rating


def test_effort_counts_finished_versions_only(place):
    """A half-typed word and a stub that is left are no attempts; the first version counts most."""
    events = [
        Event(0, "opened", SOFTMAX),
        Event(60, "checked", SOFTMAX, max_score=10.0, sha256="a", unfinished=True),
        Event(300, "checked", SOFTMAX, score=6.0, max_score=10.0, sha256="b"),
        Event(330, "hint", SOFTMAX, level=2),
        Event(400, "checked", SOFTMAX, score=6.0, max_score=10.0, sha256="b"),
        solved(600),
    ]
    assert schedule.effort_of(events) == Effort(0.6, 2, 2, 10.0, False)


def test_a_solved_exercise_becomes_due_after_days(place, course):
    """Right after it is solved nothing is due; a year later it is."""
    write(place, solved(time.time()))
    assert schedule.due_exercises(place) == []
    assert schedule.days_until_due(place, course.find("softmax")) >= 1
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365)
    assert [e.name for e in schedule.due_exercises(place, later)] == [SOFTMAX]


def test_an_exercise_that_was_never_solved_is_never_due(place, course):
    """Reviews are of what one knew."""
    write(place, Event(1, "checked", SOFTMAX, score=9.0, max_score=10.0))
    assert schedule.cards(place) == {}
    assert schedule.days_until_due(place, course.find("softmax")) is None


def test_a_better_rating_comes_back_later(place, course):
    """again < hard < good < easy, in days; and the rating that is recorded counts."""
    now = time.time()
    write(place, solved(now - 10 * DAY))
    exercise = course.find("softmax")
    offers = [schedule.days_until(place, exercise, rating) for rating in (AGAIN, HARD, GOOD, EASY)]
    assert offers == sorted(set(offers))
    place.record("reviewed", exercise, rating=EASY)
    assert schedule.days_until_due(place, exercise) == offers[-1]


def test_the_same_events_make_the_same_schedule(place):
    """Nothing is stored but events, and nothing is drawn by chance."""
    write(place, solved(1e9), Event(1e9 + 5 * DAY, "reviewed", SOFTMAX, rating=HARD))
    first = {key: card.due for key, card in schedule.cards(place).items()}
    second = Workspace(place.folder, place.course)
    assert {key: card.due for key, card in schedule.cards(second).items()} == first


def test_a_missed_drill_comes_back_before_one_that_was_known(place):
    """Drills have cards of their own in the same schedule; the exercise's own is not touched."""
    for mistake, rating in (("missed", AGAIN), ("known", EASY)):
        place.record("drilled", place.course.find("softmax"), mistake=mistake, rating=rating)
    cards = schedule.cards(place)
    assert set(cards) == {Key(SOFTMAX, "missed"), Key(SOFTMAX, "known")}
    assert cards[Key(SOFTMAX, "missed")].due < cards[Key(SOFTMAX, "known")].due


def test_events_of_other_courses_and_bad_ratings_are_ignored(place):
    """A progress file may hold exercises of another course, and numbers that mean nothing."""
    write(
        place,
        Event(1, "reviewed", "exercise_99_other", rating=3),
        Event(2, "reviewed", SOFTMAX, rating=17),
        Event(3, "reviewed", SOFTMAX),
    )
    assert schedule.cards(place) == {}
