"""Final scores and nbgrader's gradebook, kept equal in both directions.

What people entered there is read back: points for a check, and what nbgrader's own rule took
off for lateness. Final scores are written as nbgrader can hold them: in the field of the late
penalty, which it takes off a notebook's points, and which may be negative. Cells of the
instructor's own beside ours keep their points, and are no part of our scores.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradekit.nbgrader.cells import asked_checks
from gradekit.nbgrader.gradebook import opened
from gradekit.nbgrader.notebooks import HiddenCheck
from gradekit.policy import Final
from gradekit.results import Person, called
from gradekit.standing import Standing, Told

if TYPE_CHECKING:
    from nbgrader.api import Gradebook, SubmittedNotebook

REASON = "marked in nbgrader"


class _Book(NamedTuple):
    """One notebook of an assignment whose cells ask for checks of ours."""

    assignment: str
    name: str
    exercise: str
    asked: Mapping[str, HiddenCheck]


def read_marks(url: str, people: Mapping[str, Person], last: Sequence[Told]) -> list[Told]:
    """What the gradebook tells of people, by what they are called.

    Args:
        last: What it told last time, and what was settled then.

    Raises:
        KitError: it cannot be opened.
    """
    told = [each for each in last if each.kind == "settled"]
    # Whoever a roster has given an id meanwhile is still the same person.
    names = called({*people.values(), *(each.person for each in last)})
    before = {(names[each.person], each.exercise): each.points for each in told}
    own = {
        (names[each.person], each.exercise): each.points for each in last if each.kind == "penalty"
    }
    with opened(url) as gradebook:
        for book in _books(gradebook):
            for student, submitted in _submitted(gradebook, book):
                if person := people.get(student):
                    told += _marks(person, book, submitted)
                    key = names[person], book.exercise
                    penalty = submitted.late_submission_penalty or 0.0
                    # The field that we write our own difference into is the one in
                    # which nbgrader keeps its penalty. What stands there as we left
                    # it is not a penalty that somebody has set.
                    if key in before and math.isclose(penalty, before[key], abs_tol=1e-9):
                        penalty = own.get(key, 0.0)  # what stands there is ours
                    if penalty:
                        told.append(Told(person, book.exercise, penalty, kind="penalty"))
    return told


def settle(url: str, standing: Standing, last: Sequence[Told]) -> tuple[list[Told], list[str]]:
    """Let every notebook's score be the final one.

    Returns:
        What it told last, with what was settled now; and what the instructor should know.

    Raises:
        KitError: the gradebook cannot be opened.
    """
    told = [each for each in last if each.kind != "settled"]
    own = {(each.person, each.exercise): each.points for each in last if each.kind == "penalty"}
    excused = 0
    with opened(url) as gradebook:
        for book, student, submitted in _to_settle(gradebook, standing):
            person = standing.people[student]
            final = standing.finals[student].get(book.exercise, Final())
            excused += final.state == "excused"
            penalty = own.get((person, book.exercise), 0.0)
            if final.score is not None:
                # Below zero where the final score is higher than what
                # was earned: nbgrader subtracts it as well.
                penalty = _earned(book, submitted) - final.score
            if not math.isclose(penalty, submitted.late_submission_penalty or 0.0, abs_tol=1e-9):
                submitted.late_submission_penalty = penalty
            if penalty:
                told.append(Told(person, book.exercise, penalty, kind="settled"))
        gradebook.db.commit()
    noun = "score stays" if excused == 1 else "scores stay"
    note = f"nbgrader knows no excused exercises: {excused} {noun} there as earned"
    return told, [note] if excused else []


def _to_settle(
    gradebook: Gradebook, standing: Standing
) -> Iterator[tuple[_Book, str, SubmittedNotebook]]:
    """The notebooks of the class; one is added for whoever has points and handed in none."""
    there: defaultdict[str, set[str]] = defaultdict(set)
    books: dict[str, _Book] = {}  # by exercise: the first that has it
    for book in _books(gradebook):
        books.setdefault(book.exercise, book)
        for student, submitted in _submitted(gradebook, book):
            there[book.exercise].add(student)
            if student in standing.finals:
                yield book, student, submitted
    for exercise, book in books.items():
        for student, finals in standing.finals.items():
            has_points = finals.get(exercise, Final()).score is not None
            if has_points and student not in there[exercise]:
                yield book, student, _added(gradebook, book, student)


def _books(gradebook: Gradebook) -> Iterator[_Book]:
    for assignment in gradebook.assignments:
        for notebook in assignment.notebooks:
            asked = asked_checks(notebook)
            for exercise in sorted({each.exercise for each in asked.values()}):
                yield _Book(assignment.name, notebook.name, exercise, asked)


def _submitted(gradebook: Gradebook, book: _Book) -> Iterator[tuple[str, SubmittedNotebook]]:
    for submission in gradebook.assignment_submissions(book.assignment):
        for submitted in submission.notebooks:
            if submitted.name == book.name:
                yield submission.student.id, submitted


def _marks(person: Person, book: _Book, submitted: SubmittedNotebook) -> Iterator[Told]:
    """The points of checks of which a person gave some."""
    for grade in submitted.grades:
        asked = book.asked.get(grade.name)
        by_hand = grade.manual_score is not None or grade.extra_credit
        if asked and asked.exercise == book.exercise and by_hand:
            yield Told(person, book.exercise, float(grade.score or 0.0), asked.check, REASON)


def _earned(book: _Book, submitted: SubmittedNotebook) -> float:
    """The points of a notebook's checks, those given by hand included."""
    ours = [
        grade
        for grade in submitted.grades
        if (asked := book.asked.get(grade.name)) and asked.exercise == book.exercise
    ]
    return float(sum(grade.score or 0.0 for grade in ours))


def _added(gradebook: Gradebook, book: _Book, student: str) -> SubmittedNotebook:
    """A notebook of somebody who handed in none, and has points by hand."""
    gradebook.update_or_create_student(student)
    gradebook.update_or_create_submission(book.assignment, student)
    submitted = gradebook.find_submission_notebook(book.name, book.assignment, student)
    for grade in submitted.grades:
        if grade.auto_score is None and grade.manual_score is None:
            grade.auto_score, grade.needs_manual_grade = 0.0, False
    return submitted
