"""Who of a class is which row of what a platform exported, and what stands in its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gradekit.course import Exercise
from gradekit.policy import Final, column
from gradekit.results import Person
from gradekit.roster import Roster
from gradekit.standing import Standing

Row = dict[str, str]


class Column(NamedTuple):
    """A column of a gradebook: one exercise, or several that count together.

    Attributes:
        called: What else the other system may call it, in any case of letters.
        scores: By student. What we failed to run has none: a blank is no grade, 0 would be one.
    """

    title: str
    called: frozenset[str]
    exercises: tuple[str, ...]
    max_score: float
    scores: Mapping[str, Final]


def columns_of(standing: Standing, exercises: Sequence[Exercise]) -> list[Column]:
    """The columns of what was handed in, those that the policy puts together first."""
    finals = standing.finals
    used = {
        name
        for of_one in finals.values()
        for name, final in of_one.items()
        if final.state == "graded" or final.state == "excused"
    }
    made = []
    for title, names in standing.policy.columns.items():
        scores = column(finals, standing.policy, names)
        most = max((final.max_score for final in scores.values()), default=0.0)
        if used & set(names):
            made.append(Column(title, frozenset({title.casefold()}), names, most, scores))
            used -= set(names)
    for each in exercises:
        if each.name in used:
            scores = {student: of_one[each.name] for student, of_one in finals.items()}
            most = max(final.max_score for final in scores.values())
            called = {name.casefold() for name in (each.title, each.name, each.slug)}
            made.append(Column(each.title, frozenset(called), (each.name,), most, scores))
    return made


def students_of(standing: Standing) -> dict[str, Person]:
    """Those who handed in something or have a score, by what they are called."""
    return {
        student: standing.people[student]
        for student, finals in standing.finals.items()
        if any(final.state != "missing" for final in finals.values())
    }


def rows_of(people: Mapping[str, Person], roster: Roster) -> dict[str, Row]:
    """The row of each student who is one person of the roster; two on one row are neither."""
    numbers = {student: roster.find(person) for student, person in people.items()}
    # Two people on one row would overwrite each other's grade.
    bearers = Counter(number for number in numbers.values() if number is not None)
    return {
        student: roster.rows[number]
        for student, number in numbers.items()
        if number is not None and bearers[number] == 1
    }
