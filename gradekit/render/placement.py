"""`kit grade --dry-run`: whose answer to what every file is, before anything is graded."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from gradekit.alphabet import alphabetical
from gradekit.render.terminal import print_item
from gradekit.results import About, NotGraded, Person, called
from gradekit.texts import counted

if TYPE_CHECKING:
    from gradekit.batch.resuming import Preview
    from gradekit.intake.entries import Entry, Found

ROWS = 200  # students in the table
LISTED = 40  # lines of any other list


def print_placement(out: Console, found: Found, preview: Preview) -> None:
    """The table of students, and what is skipped, missing, or not as it was."""
    names = called(found.people)
    by_student: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in found.entries:
        by_student[entry.student].append(entry)
    about = {names[person]: person for person in sorted(found.people)}
    students = sorted({*by_student, *about}, key=alphabetical)
    # Folded and not cut: a name of wide characters may be longer than its column as rich wraps it.
    columns = [Column(name, overflow="fold") for name in ("student", "id", "answers")]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for student in students[:ROWS]:
        person = about.get(student, Person(student))
        table.add_row(Text(student), Text(person.id), _answers(by_student[student]))
    out.print(table)
    if len(students) > ROWS:
        out.print(f"... and {counted(len(students) - ROWS, 'more student')}")
    count = Counter(entry.exercise for entry in found.entries if entry.counted)
    total = ", ".join(f"{number} of {exercise}" for exercise, number in sorted(count.items()))
    answers = counted(len(found.entries), "answer")
    out.print(Text(f"\n{answers} of {counted(len(students), 'student')}: {total}."))
    _list(out, "not graded", [_skipped(each) for each in found.not_graded])
    _list(out, "of whom nothing is there", [_called(each) for each in found.missing])
    _list(out, "whom the roster does not know", [_called(each) for each in found.unknown])
    _differences(out, found, preview)


def _answers(entries: list[Entry]) -> Text:
    """A line an answer: its exercise and file, and what is known of the attempt."""
    lines = []
    for entry in entries:
        short = entry.exercise.removeprefix("exercise_")
        attempt = f", attempt {entry.attempt}" if entry.attempt else ""
        counts = "" if entry.counted else ", does not count"
        when = f", {entry.handed_in}" if entry.handed_in else ""
        lines.append(f"{short}: {entry.file}{attempt}{when}{counts}")
    return Text("\n".join(lines) or "nothing")


def _skipped(problem: NotGraded) -> str:
    return f"{problem.file}: {problem.reason}"


def _called(person: Person) -> str:
    return f"{person.name} ({person.id})" if person.id else person.name


def _list(out: Console, what: str, lines: list[str]) -> None:
    if not lines:
        return
    out.print(Text(f"\n{len(lines)} {what}:", style="bold"))
    for line in lines[:LISTED]:
        print_item(out, line)
    if len(lines) > LISTED:
        out.print(f"  ... and {len(lines) - LISTED} more")


def _differences(out: Console, found: Found, preview: Preview) -> None:
    """What differs from the results that are there."""
    if not (preview.kept or preview.replaced or preview.withdrawn):
        return
    new = len(found.entries) - preview.kept
    holds = "holds" if preview.kept == 1 else "hold"
    kept, graded = counted(preview.kept, "result"), counted(new, "answer")
    out.print(f"\n{kept} {holds}; {graded} would be graded.")
    _list(out, "to be replaced", [_told(each, why) for each, why in preview.replaced])
    gone = [_told(each, "no longer in this export") for each in preview.withdrawn]
    _list(out, "that would no longer count", gone)


def _told(about: About, why: str) -> str:
    return f"{about.student}, {about.exercise}: {why}"
