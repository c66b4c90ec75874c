"""Results -> scores.csv: a row a student, a column an exercise, the total, the platform's id.

An answer that was not graded, and one that we failed to run, has an empty cell: never 0.
"""

from __future__ import annotations

import csv
import io

from gradekit.overview import Cell, Overview, Similar
from gradekit.policy import points
from gradekit.results import NotGraded
from gradekit.tables import no_formula


def scores_csv(overview: Overview) -> str:
    """The table, with a byte order mark so that spreadsheets take it for UTF-8.

    Scores are final. Where a policy or a mark by hand may have changed some, what can be had in
    total stands after the id, then what each answer earned and why that is not its score.
    """
    names = [exercise.name for exercise in overview.exercises]
    with_raw = overview.has_policy
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    more = ["possible", *(f"{name} {what}" for name in names for what in ("raw", "why"))]
    table.writerow(["student", *names, "total", "id", *(more if with_raw else [])])
    for student, cells in overview.cells.items():
        shown = [cells.get(name, Cell("not_graded")) for name in names]
        scores = [points(cell.score) if cell.state == "graded" else "" for cell in shown]
        total, id = f"{overview.total(student):g}", no_formula(overview.id_of(student))
        raw = [text for cell in shown for text in (points(cell.raw), no_formula(cell.why))]
        more = [points(overview.possible(student)), *raw] if with_raw else []
        table.writerow([no_formula(student), *scores, total, id, *more])
    return "\ufeff" + text.getvalue()


def not_graded_csv(not_graded: list[NotGraded]) -> str:
    """The files that nobody's points come from, with the reason for each."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "student", "exercise", "reason", "id"])
    for each in not_graded:
        row = (each.file, each.student, each.exercise, each.reason, each.person.id)
        table.writerow([no_formula(value) for value in row])
    return "\ufeff" + text.getvalue()


def similar_csv(similar: Similar) -> str:
    """Every answer of every group that is alike, and the files that were not compared."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["group", "exercise", "student", "shared", "note"])
    for number, group in enumerate(similar.groups, start=1):
        closest = {each.student for each in group.closest}
        for student in group.students:
            note = "one of the closest two" if student in closest else ""
            row = (str(number), group.exercise, no_formula(student), f"{group.share:.2f}", note)
            table.writerow(row)
    for each in similar.skipped:
        row = ("", each.exercise, no_formula(each.student), "", no_formula(each.reason))
        table.writerow(row)
    return "\ufeff" + text.getvalue()
