"""Results -> the CSV that Moodle imports into its gradebook.

The format: https://docs.moodle.org/en/Grade_import. One unknown student aborts the whole
import, and so does a grade above the maximum; feedback without a grade beside it wipes the
grade: none of that is ever written.
"""

from __future__ import annotations

from typing import Literal

import click

from gradekit.export.format import ClassFormat, Graded, Written
from gradekit.export.roster import Column, Row, columns_of, rows_of, students_of
from gradekit.feedback import at_level
from gradekit.policy import points
from gradekit.report import Report
from gradekit.results import Person
from gradekit.tables import csv_text, no_formula
from gradekit.texts import remarks

Field = Literal["username", "email", "idnumber"]
FIELDS: dict[str, tuple[str, ...]] = {  # what Moodle's own exports call each
    "username": ("Username", "username"),
    "email": ("Email address", "email"),
    "idnumber": ("ID number", "idnumber"),
}


def gradebook(graded: Graded) -> Written:
    """The CSV, and the students that are not in it because the roster does not know them.

    The roster is Moodle's own export of participants or grades. Without it, students are taken
    to be called by `field` already.

    Raises:
        KitError: the roster does not have what Moodle is to find students by.
    """
    field, roster = graded.more["field"], graded.roster
    if roster is not None:
        roster.require(FIELDS[field], "the participants or grades from Moodle, with that column")
    students = students_of(graded.standing)
    rows = rows_of(students, roster) if roster else None
    columns = columns_of(graded.standing, graded.exercises)
    reports = _reports(graded)
    unknown = []
    titles = [(column.title, f"{column.title} (feedback)") for column in columns]
    table = [[field, *(title for pair in titles for title in pair)]]
    for student, person in students.items():
        user = _user(student, person, field, rows)
        if not user:
            unknown.append(student)
            continue
        cells = [_cells(column, student, reports.get(student, {})) for column in columns]
        if any(grade for grade, _ in cells):
            table.append([user, *(cell for pair in cells for cell in pair)])
    return Written(csv_text(table), unknown)


def _reports(graded: Graded) -> dict[str, dict[str, Report]]:
    """What may be told of everybody's answers, by student and exercise."""
    found: dict[str, dict[str, Report]] = {}
    for result in graded.standing.counted():
        of_one = found.setdefault(result.student, {})
        of_one[result.exercise] = at_level(result.report, graded.level)
    return found


def _user(student: str, person: Person, field: Field, rows: dict[str, Row] | None) -> str:
    """What Moodle finds a student by; "" where that is not known."""
    if rows is None:
        is_login = person.login and ("@" in person.login) == (field == "email")
        return no_formula(person.login if is_login else student)
    row = rows.get(student, {})
    return next((row[name] for name in FIELDS[field] if row.get(name)), "")


def _cells(column: Column, student: str, reports: dict[str, Report]) -> tuple[str, str]:
    """Grade and feedback; neither where there is no grade."""
    final = column.scores[student]
    if final.score is None:
        return "", ""
    told = [_told(reports[name]) for name in column.exercises if name in reports]
    if final.why or not told or len(column.exercises) > 1:
        why = f": {final.reasons}" if final.reasons else ""
        told.insert(0, f"{final.score:g} of {final.max_score:g} points{why}.")
    # Extra credit may exceed the maximum, and one such grade aborts the whole import.
    return points(min(final.score, final.max_score)), "\n".join(told)


def _told(report: Report) -> str:
    return "All checks passed." if report.passed else remarks(report) or f"{report.points}."


FORMAT = ClassFormat(
    summary="Turn RESULTS into the CSV that Moodle imports. `kit grade --out` wrote RESULTS.",
    example="kit export moodle graded/ --roster participants.csv --field email --out import.csv",
    write=gradebook,
    roster="Moodle's own export of participants or grades.",
    tells_checks=True,
    parameters=[
        click.Option(
            ["--field"],
            type=click.Choice([*FIELDS]),
            default="username",
            help="How Moodle finds students.",
        )
    ],
)
