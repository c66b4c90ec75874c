"""Results -> the CSV that Canvas imports into its gradebook.

The format: "How do I import grades in the Gradebook?", Canvas Instructor Guide. Canvas finds
students by ID, then SIS IDs; assignments by the number in brackets, then by title.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from gradekit.course import Exercise
from gradekit.export.format import ClassFormat, Graded, Written
from gradekit.export.roster import Row, Scores, rows_of, scores_of
from gradekit.export.scores import no_formula
from gradekit.results import Person, Result
from gradekit.roster import Roster

SECTION = "Section"  # the last column about the student
WITHOUT_ROSTER = ("Student", "ID", "SIS User ID", "SIS Login ID", SECTION)


def gradebook(
    results: Iterable[Result], exercises: Sequence[Exercise], roster: Roster | None
) -> tuple[str, list[str]]:
    """The CSV, and the students that the roster does not know.

    Args:
        roster: Canvas' own export of the gradebook. Without it students are found by the
            ids in their files' names, and others are taken for logins.
    Raises:
        KitError: the roster is something else.
    """
    if roster is not None:
        roster.require(("Student",), "the gradebook from Canvas")
    scores, people = scores_of(results)
    rows = _rows(people, roster)
    handed_in = [e for e in exercises if any(e.name in reports for reports in scores.values())]
    about = _about(roster)
    text, unknown = io.StringIO(), []
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*about, *(_header(exercise, roster) for exercise in handed_in)])
    points = [_points_possible(exercise.name, scores) for exercise in handed_in]
    table.writerow(["    Points Possible", *[""] * (len(about) - 1), *points])
    for student, reports in scores.items():
        row = rows.get(student)
        if row is None:
            unknown.append(student)
            continue
        grades = [f"{reports[e.name].score:g}" if e.name in reports else "" for e in handed_in]
        table.writerow([*(row.get(name, "") for name in about), *grades])
    return text.getvalue(), unknown


def _about(roster: Roster | None) -> list[str]:
    if roster is None:
        return list(WITHOUT_ROSTER)
    end = roster.header.index(SECTION) + 1 if SECTION in roster.header else len(roster.header)
    return roster.header[:end]


def _rows(people: dict[str, Person], roster: Roster | None) -> dict[str, Row]:
    """What stands about each student; without a roster, what their files' names told."""
    if roster is not None:
        return rows_of(people, roster)
    return {
        student: {
            "Student": no_formula(person.name if person.id else student),
            "ID": no_formula(person.id) if person.system == "canvas" else "",
            "SIS Login ID": no_formula(person.login or ("" if person.id else student)),
            SECTION: no_formula(person.section),
        }
        for student, person in people.items()
    }


def _header(exercise: Exercise, roster: Roster | None) -> str:
    """The assignment's column: Canvas' own header where it has one, else a new title."""
    called = {name.casefold() for name in (exercise.title, exercise.name, exercise.slug)}
    for header in roster.header if roster else ():
        title = header.rpartition(" (")[0] or header
        if title.casefold() in called:
            return header
    return exercise.title


def _points_possible(name: str, scores: Scores) -> str:
    return f"{next(r[name].max_score for r in scores.values() if name in r):g}"


def _write(graded: Graded) -> Written:
    return Written(*gradebook(graded.results, graded.exercises, graded.roster))


FORMAT = ClassFormat(
    summary="Turn RESULTS (what `kit grade --out` wrote) into the CSV that Canvas imports.",
    example="kit export canvas graded/ --roster gradebook.csv --out import.csv",
    write=_write,
    roster="Canvas' own export of its gradebook, to find people.",
)
