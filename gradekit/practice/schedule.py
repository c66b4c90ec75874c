"""When what is due again, by the fsrs library, from the events alone.

There are two kinds of cards: exercises, to be written again from blank, and mistakes, to be
recognised again in a drill. No card is stored: replaying the events makes them anew.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from gradekit.course import Exercise
from gradekit.practice.events import Event
from gradekit.practice.workspace import Workspace

if TYPE_CHECKING:
    from fsrs import Card, Scheduler

AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
RATINGS = {AGAIN: "again", HARD: "hard", GOOD: "good", EASY: "easy"}
MANY_ATTEMPTS = 4
CHECKS = ("checked", "review_checked")
REVIEWS = ("reviewed", "interviewed", "drilled")


class Key(NamedTuple):
    """What a card is about: an exercise, or with `mistake` a file of its bank."""

    exercise: str
    mistake: str = ""


class Effort(NamedTuple):
    """What an exercise took.

    `first_share` are the points of the first finished version, from 0 to 1; `attempts`
    counts finished versions; `hints` is the highest one seen.
    """

    first_share: float
    attempts: int
    hints: int
    minutes: float
    gave_up: bool


def rating_of(effort: Effort, expected_minutes: int) -> int:
    """How well it went, from AGAIN to EASY."""
    if effort.gave_up or effort.hints == 3:
        return AGAIN
    slow = effort.minutes > 1.5 * expected_minutes
    if effort.hints or slow or effort.attempts > MANY_ATTEMPTS or effort.first_share < 0.5:
        return HARD
    if effort.attempts <= 1 and effort.minutes <= 0.5 * expected_minutes:
        return EASY
    return GOOD


def effort_of(events: Iterable[Event]) -> Effort:
    """What the events of one exercise, from its beginning to its pass, tell."""
    from gradekit.practice.progress import seconds_spent

    events = list(events)
    versions = [e for e in events if e.event in CHECKS and not e.unfinished]
    checked = {event.sha256: event for event in reversed(versions)}
    finished = sorted(checked.values(), key=lambda event: event.time)
    seconds = sum(sum(days.values()) for days in seconds_spent(events).values())
    return Effort(
        finished[0].score / max(finished[0].max_score, 1) if finished else 0.0,
        len(finished),
        max((event.level for event in events), default=0),
        seconds / 60,
        any(event.event == "gave_up" for event in events),
    )


def cards(workspace: Workspace) -> dict[Key, Card]:
    """All cards, as the events up to now have left them."""
    from fsrs import Card, Rating

    scheduler = _scheduler()
    exercises = {exercise.name: exercise for exercise in workspace.course.exercises}
    made: dict[Key, Card] = {}
    history: dict[str, list[Event]] = {}
    for event in workspace.events():
        if event.exercise not in exercises:
            continue
        own = history.setdefault(event.exercise, [])
        own.append(event)
        key, rating = Key(event.exercise, event.mistake), 0
        if event.event in REVIEWS:
            rating = event.rating
        elif event.event == "checked" and event.full_marks and key not in made:
            rating = rating_of(effort_of(own), exercises[event.exercise].minutes)
        if rating in RATINGS:
            when = datetime.datetime.fromtimestamp(event.time, datetime.UTC)
            card = made.get(key) or Card(card_id=len(made))
            made[key], _ = scheduler.review_card(card, Rating(rating), when)
    return made


def due_exercises(workspace: Workspace, now: datetime.datetime | None = None) -> list[Exercise]:
    """The exercises that are due, the most overdue first."""
    now = now or datetime.datetime.now(datetime.UTC)
    due = {
        key.exercise: card.due
        for key, card in cards(workspace).items()
        if not key.mistake and card.due <= now
    }
    found = [exercise for exercise in workspace.course.exercises if exercise.name in due]
    return sorted(found, key=lambda exercise: due[exercise.name])


def days_until(workspace: Workspace, exercise: Exercise, rating: int) -> int:
    """In how many days it would be due again if it were rated so now."""
    from fsrs import Card, Rating

    now = datetime.datetime.now(datetime.UTC)
    card = cards(workspace).get(Key(exercise.name)) or Card(card_id=0)
    after, _ = _scheduler().review_card(card, Rating(rating), now)
    return _days_to(after.due)


def days_until_due(workspace: Workspace, exercise: Exercise) -> int | None:
    """In how many days it is due; None if it was never solved."""
    card = cards(workspace).get(Key(exercise.name))
    return _days_to(card.due) if card else None


def due_drills(workspace: Workspace) -> list[Key]:
    """The mistakes to be recognised again, the most overdue first."""
    now = datetime.datetime.now(datetime.UTC)
    due = {k: c.due for k, c in cards(workspace).items() if k.mistake and c.due <= now}
    return sorted(due, key=lambda key: due[key])


def _days_to(due: datetime.datetime) -> int:
    seconds = (due - datetime.datetime.now(datetime.UTC)).total_seconds()
    return max(0, round(seconds / 86400))


def _scheduler() -> Scheduler:
    from fsrs import Scheduler

    # In days, not minutes: nobody writes the same exercise twice within ten minutes. Without
    # fuzz the same events always make the same schedule.
    return Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
