"""Who of a class is which row of what a platform exported, and what counts for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gradekit.report import Report
from gradekit.results import Person, Result, person_of
from gradekit.roster import Roster

Scores = dict[str, dict[str, Report]]  # by student and exercise
Row = dict[str, str]


def scores_of(results: Iterable[Result]) -> tuple[Scores, dict[str, Person]]:
    """The newest report of every student and exercise that counts, and who the students are.

    What we failed to run, even in part, is left out: a blank is no grade, 0 would be one.
    """
    scores: Scores = {}
    people: dict[str, Person] = {}
    for result in results:
        people.setdefault(result.student, person_of(result))
        by_exercise = scores.setdefault(result.student, {})
        by_exercise.pop(result.exercise, None)
        if not result.report.not_run:
            by_exercise[result.exercise] = result.report
    return dict(sorted(scores.items())), people


def rows_of(people: Mapping[str, Person], roster: Roster) -> dict[str, Row]:
    """The row of each student who is one person of the roster; two on one row are neither."""
    numbers = {student: roster.find(person) for student, person in people.items()}
    bearers = Counter(number for number in numbers.values() if number is not None)
    return {
        student: roster.rows[number]
        for student, number in numbers.items()
        if number is not None and bearers[number] == 1
    }
