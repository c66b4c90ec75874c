"""Results -> the CSV that Moodle imports into its gradebook.

The format: https://docs.moodle.org/en/Grade_import. One unknown student aborts the whole
import, and feedback without a grade beside it wipes the grade: neither is ever written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Literal

import click

from gradekit.course import Exercise
from gradekit.export.format import ClassFormat, Graded, Written
from gradekit.export.roster import Row, rows_of, scores_of
from gradekit.export.scores import no_formula
from gradekit.export.texts import remarks
from gradekit.feedback import Level, at_level
from gradekit.report import Report
from gradekit.results import Person, Result
from gradekit.roster import Roster

Field = Literal["username", "email", "idnumber"]
FIELDS: dict[str, tuple[str, ...]] = {  # what Moodle's own exports call each
    "username": ("Username", "username"),
    "email": ("Email address", "email"),
    "idnumber": ("ID number", "idnumber"),
}


def gradebook(
    results: Iterable[Result],
    exercises: Sequence[Exercise],
    field: Field,
    roster: Roster | None,
    level: Level,
) -> tuple[str, list[str]]:
    """The CSV, and the students that are not in it because the roster does not know them.

    Args:
        field: What Moodle is to find students by.
        roster: Moodle's own export of participants or grades. Without it, students are
            taken to be called by `field` already.
    Raises:
        KitError: the roster does not have what Moodle is to find students by.
    """
    if roster is not None:
        roster.require(FIELDS[field], "the participants or grades from Moodle, with that column")
    scores, people = scores_of(results)
    rows = rows_of(people, roster) if roster else None
    handed_in = [e for e in exercises if any(e.name in reports for reports in scores.values())]
    text, unknown = io.StringIO(), []
    table = csv.writer(text, lineterminator="\n")
    titles = [(exercise.title, f"{exercise.title} (feedback)") for exercise in handed_in]
    table.writerow([field, *(title for pair in titles for title in pair)])
    for student, reports in scores.items():
        user = _user(student, people[student], field, rows)
        if not user:
            unknown.append(student)
        elif reports:
            cells = (_cells(reports.get(exercise.name), level) for exercise in handed_in)
            table.writerow([user, *(cell for pair in cells for cell in pair)])
    return text.getvalue(), unknown


def _user(student: str, person: Person, field: Field, rows: dict[str, Row] | None) -> str:
    """What Moodle finds a student by; "" where that is not known."""
    if rows is None:
        is_login = person.login and ("@" in person.login) == (field == "email")
        return no_formula(person.login if is_login else student)
    row = rows.get(student, {})
    return next((row[name] for name in FIELDS[field] if row.get(name)), "")


def _cells(report: Report | None, level: Level) -> tuple[str, str]:
    if report is None:
        return "", ""
    points = f"{report.points}."
    text = "All checks passed." if report.passed else remarks(at_level(report, level)) or points
    return f"{report.score:g}", text


def _write(graded: Graded) -> Written:
    field = graded.more["field"]
    return Written(*gradebook(graded.results, graded.exercises, field, graded.roster, graded.level))


FORMAT = ClassFormat(
    summary="Turn RESULTS (what `kit grade --out` wrote) into the CSV that Moodle imports.",
    example="kit export moodle graded/ --roster participants.csv --field email --out import.csv",
    write=_write,
    roster="Moodle's own export of participants or grades.",
    tells_checks=True,
    parameters=[
        click.Option(
            ["--field"],
            type=click.Choice([*FIELDS]),
            default="username",
            help="What Moodle is to find students by.",
        )
    ],
)
