"""Results -> the CSV that Canvas imports into its gradebook.

The format: "How do I import grades in the Gradebook?", Canvas Instructor Guide. Canvas finds
students by ID, then SIS IDs; assignments by the number in brackets, then by title.
"""

from __future__ import annotations

from gradekit.export.format import ClassFormat, Graded, Written
from gradekit.export.roster import Column, Row, columns_of, rows_of, students_of
from gradekit.policy import Final, points
from gradekit.results import Person
from gradekit.roster import Roster
from gradekit.tables import csv_text, no_formula

SECTION = "Section"  # the last column about the student
WITHOUT_ROSTER = ("Student", "ID", "SIS User ID", "SIS Login ID", SECTION)


def gradebook(graded: Graded) -> Written:
    """The CSV, and the students that the roster does not know.

    The roster is Canvas' own export of the gradebook. Without it students are found by the ids
    in their files' names, and others are taken for logins.

    Raises:
        KitError: the roster is something else.
    """
    roster = graded.roster
    if roster is not None:
        roster.require(("Student",), "the gradebook from Canvas")
    students = students_of(graded.standing)
    rows = _rows(students, roster)
    columns = columns_of(graded.standing, graded.exercises)
    about = _about(roster)
    unknown = []
    possible = [f"{column.max_score:g}" for column in columns]
    table = [
        [*about, *(_header(column, roster) for column in columns)],
        ["    Points Possible", *[""] * (len(about) - 1), *possible],  # Canvas writes the blanks
    ]
    for student in students:
        row = rows.get(student)
        if row is None:
            unknown.append(student)
            continue
        grades = [_grade(column.scores[student]) for column in columns]
        # What the roster says goes back letter for letter: Canvas finds its students by it.
        table.append([*(row.get(name, "") for name in about), *grades])
    return Written(csv_text(table), unknown)


def _grade(final: Final) -> str:
    return "EX" if final.state == "excused" else points(final.score)


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


def _header(column: Column, roster: Roster | None) -> str:
    """The assignment's column: Canvas' own header where it has one, else a new title."""
    for header in roster.header if roster else ():
        title = header.rpartition(" (")[0] or header  # `Softmax (1234)`: the assignment's number
        if {header.casefold(), title.casefold()} & column.called:
            return header
    return column.title


FORMAT = ClassFormat(
    summary="Turn RESULTS into the CSV that Canvas imports. `kit grade --out` wrote RESULTS.",
    example="kit export canvas graded/ --roster gradebook.csv --out import.csv",
    write=gradebook,
    roster="Canvas' own export of its gradebook, to find people.",
)
