"""Results -> scores.csv: a row a student, a column an exercise, the total, the platform's id.

An answer that was not graded, and one that we failed to run, has an empty cell: never 0.
"""

from __future__ import annotations

from gradekit.overview import Cell, Overview, Similar
from gradekit.policy import points
from gradekit.results import NotGraded
from gradekit.tables import no_formula, spreadsheet


def scores_csv(overview: Overview) -> str:
    """The table of final scores.

    Where a policy or a mark by hand may have changed some, what can be had in total stands
    after the id, then what each answer earned and why that is not its score.
    """
    names = [exercise.name for exercise in overview.exercises]
    with_raw = overview.has_policy
    more = ["possible", *(f"{name} {what}" for name in names for what in ("raw", "why"))]
    rows = [["student", *names, "total", "id", *(more if with_raw else [])]]
    for student, cells in overview.cells.items():
        shown = [cells.get(name, Cell("not_graded")) for name in names]
        scores = [points(cell.score) if cell.state == "graded" else "" for cell in shown]
        total, id = f"{overview.total(student):g}", no_formula(overview.id_of(student))
        raw = [text for cell in shown for text in (points(cell.raw), no_formula(cell.why))]
        more = [points(overview.possible(student)), *raw] if with_raw else []
        rows.append([no_formula(student), *scores, total, id, *more])
    return spreadsheet(rows)


def not_graded_csv(not_graded: list[NotGraded]) -> str:
    """The files that nobody's points come from, with the reason for each."""
    rows = [["file", "student", "exercise", "reason", "id"]]
    for each in not_graded:
        row = (each.file, each.student, each.exercise, each.reason, each.person.id)
        rows.append([no_formula(value) for value in row])
    return spreadsheet(rows)


def similar_csv(similar: Similar) -> str:
    """Every answer of every group that is alike, and the files that were not compared."""
    rows = [("group", "exercise", "student", "shared", "note")]
    for number, group in enumerate(similar.groups, start=1):
        closest = {each.student for each in group.closest}
        for student in group.students:
            note = "one of the closest two" if student in closest else ""
            share = f"{group.share:.2f}"
            rows.append((str(number), group.exercise, no_formula(student), share, note))
    for each in similar.skipped:
        rows.append(("", each.exercise, no_formula(each.student), "", no_formula(each.reason)))
    return spreadsheet(rows)
