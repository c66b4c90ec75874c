"""Results -> feedback on its way back to the students.

Canvas ("Upload Submissions") takes a zip with the names of the files that were handed in. It
goes by the two numbers in each name and shows the student's own file name, so what stands in
the file has to be what such a name promises: a Python file of comments, a notebook of one text
cell. Moodle ("Upload multiple feedback files in a zip") goes by the folder's name, whose
number counts the participants of one assignment; a page in it is called feedback.html.
By mail: an mbox of drafts, and a table for mail merge. For all else: a zip of one page a student.
"""

from __future__ import annotations

import mailbox
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from gradekit.alphabet import alphabetical
from gradekit.errors import KitError
from gradekit.export.format import ClassFormat, Graded, Written
from gradekit.export.roster import Row, rows_of
from gradekit.feedback import at_level
from gradekit.files import zipped
from gradekit.intake.layouts import canvas, moodle
from gradekit.policy import points
from gradekit.report import Report
from gradekit.results import Result
from gradekit.tables import no_formula, spreadsheet
from gradekit.texts import remarks

if TYPE_CHECKING:
    from gradekit.render.feedback import FeedbackWriter

PAGE = "feedback.html"
SUBJECT = "Feedback on your exercises"


class Part(NamedTuple):
    """What a student may read about one answer. `counts` is the final score, where it differs."""

    exercise: str
    title: str
    file: str
    report: bytes  # as JSON, at the level that was asked for: a class of them is in memory
    counts: str

    @property
    def read(self) -> Report:
        """The report."""
        return msgspec.json.decode(self.report, type=Report)


def feedback(graded: Graded) -> Written:
    """The zip or the drafts that one of the systems takes.

    Raises:
        KitError: no answer came from that system, or from several assignments of Moodle.
    """
    return SYSTEMS[graded.more["system"]](graded)


def _canvas(graded: Graded) -> Written:
    files: dict[str, bytes] = {}
    others = 0
    for result in graded.standing.counted():
        name = PurePosixPath(result.file).name
        if canvas.read(name) is None:
            others += 1
        elif name not in files:  # a group has one file, and each member a result
            part = _part(graded, result)
            files[name] = _notebook(part) if name.lower().endswith("ipynb") else _comments(part)
    if not files:
        raise KitError("No answer has a file name of Canvas: grade the zip that Canvas gave you.")
    return Written(zipped(files), notes=_left_out(others, "no file name of Canvas"))


def _left_out(count: int, why: str) -> list[str]:
    """The note about answers that are in no page; none where there are none."""
    if not count:
        return []
    return [f"{count} {'answer has' if count == 1 else 'answers have'} {why}: left out"]


def _moodle(graded: Graded) -> Written:
    found: dict[str, list[Part]] = {}  # by where the page goes
    names: dict[str, str] = {}
    exports: set[str] = set()
    wanted, others = graded.more["from_"] or "", 0
    for result in graded.standing.counted():
        place = _moodle_place(result.file)
        others += not place
        if place and result.export.startswith(wanted):
            exports.add(result.export)
            found.setdefault(place, []).append(_part(graded, result))
            names[place] = result.student
    if not found:
        raise KitError("No answer lies in a folder of Moodle: grade the zip that Moodle gave you.")
    if len(exports) > 1:
        listed = ", ".join(sorted(export.rpartition(" ")[0] for export in exports))
        raise KitError(
            f"The answers come from several exports ({listed}), and a number of Moodle means "
            "another person in each: name one with `--from`."
        )
    pages = {place: _page(graded, names[place], parts) for place, parts in found.items()}
    made = zipped({place: page.encode() for place, page in pages.items()})
    return Written(made, notes=_left_out(others, "no folder of Moodle"))


def _moodle_place(file: str) -> str:
    """Where the page about a file goes: into its folder, or flat as the file came."""
    *folders, name = PurePosixPath(file).parts
    for folder in folders:
        if moodle.folder(folder):
            return f"{folder}/{PAGE}"
    flat = moodle.flat(name)
    return name.removesuffix(flat.file) + PAGE if flat else ""


def _html(graded: Graded) -> Written:
    from gradekit.render.feedback import folder_names

    parts = _by_student(graded)
    folders = folder_names(parts)
    pages = {student: _page(graded, student, own).encode() for student, own in parts.items()}
    files = {f"{folders[student]}/{PAGE}": page for student, page in pages.items()}
    return Written(zipped(files))


def _by_student(graded: Graded) -> dict[str, list[Part]]:
    parts: defaultdict[str, list[Part]] = defaultdict(list)
    for result in graded.standing.counted():
        parts[result.student].append(_part(graded, result))
    return dict(sorted(parts.items(), key=lambda pair: alphabetical(pair[0])))


def _email(graded: Graded) -> Written:
    parts = _by_student(graded)
    addresses = _addresses(graded)
    rows: list[Sequence[str]] = [("email", "name", "total", "possible", "scores")]
    notes, drafts = [], []
    for student in parts:
        total = graded.standing.total(student)
        try:
            address = Address(student, addr_spec=addresses[student])
            drafts.append(_draft(graded, student, address, parts[student]))
        except (
            KeyError,
            ValueError,
            IndexError,
            MessageError,
        ):  # there is none, or it is no address
            notes.append(f"`{student}` has no address: left out")
            continue
        finals = graded.standing.finals[student]
        scores = "; ".join(f"{p.title}: {points(finals[p.exercise].score)}" for p in parts[student])
        row = (address.addr_spec, student, points(total.points), points(total.possible), scores)
        rows.append([no_formula(cell) for cell in row])
    if not drafts:
        raise KitError("Nobody's address is known: `--roster FILE` names a table of them.")
    return Written(_mbox(drafts), (), (".csv", spreadsheet(rows)), notes)


def _addresses(graded: Graded) -> dict[str, str]:
    """The address of each student whose roster row, or platform, tells one."""
    people = graded.standing.people
    if graded.roster is None:
        cells = {name: [each.login, each.id] for name, each in people.items()}
    else:
        rows = rows_of(people, graded.roster)
        cells = {name: _mail_first(row) for name, row in rows.items()}
    found = {name: [each for each in several if "@" in each] for name, several in cells.items()}
    return {name: addresses[0] for name, addresses in found.items() if addresses}


def _mail_first(row: Row) -> list[str]:
    """The cells of a row, those of columns about mail before the others."""
    return [row[column] for column in sorted(row, key=lambda each: "mail" not in each.lower())]


def _draft(graded: Graded, student: str, address: Address, parts: list[Part]) -> EmailMessage:
    message = EmailMessage()
    message["To"] = address
    message["Subject"] = SUBJECT
    message["X-Unsent"] = "1"  # several mail programs open such a message as a draft
    if graded.more["sender"]:
        message["From"] = graded.more["sender"]
    scores = [f"{part.title}: {part.counts or part.read.points}" for part in parts]
    message.set_content("\n".join([*_first_lines(graded, student), "", *scores, ""]))
    message.add_attachment(_page(graded, student, parts), subtype="html", filename=PAGE)
    return message


def _mbox(messages: list[EmailMessage]) -> bytes:
    # The library quotes lines that begin with `From `, which would else begin another message.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "drafts")
        box = mailbox.mbox(path)
        for message in messages:
            box.add(message)
        box.close()
        return path.read_bytes()


def _part(graded: Graded, result: Result) -> Part:
    titles = {exercise.name: exercise.title for exercise in graded.exercises}
    return Part(
        result.exercise,
        titles.get(result.exercise, result.exercise),
        result.file,
        msgspec.json.encode(at_level(result.report, graded.level)),
        graded.standing.final(result).told,
    )


def _page(graded: Graded, student: str, parts: list[Part]) -> str:
    order = {exercise.name: number for number, exercise in enumerate(graded.exercises)}
    parts = sorted(parts, key=lambda part: order.get(part.exercise, len(order)))
    told = [(part.title, part.read, part.counts) for part in parts]
    return _writer().together(student, _first_lines(graded, student), told)


@cache
def _writer() -> FeedbackWriter:
    """What makes pages: it reads its templates once, and none for the help of `kit export`."""
    from gradekit.render.feedback import FeedbackWriter

    return FeedbackWriter()


def _first_lines(graded: Graded, student: str) -> list[str]:
    total = graded.standing.total(student)
    return [f"Total: {total.points:g} of {total.possible:g} points."]


def _comments(part: Part) -> bytes:
    """A Python file that says it all in comments."""
    lines = [line for text in _told(part) for line in text.splitlines() or [""]]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines).encode()


def _notebook(part: Part) -> bytes:
    """A notebook with one cell, of text that means only itself."""
    title, counts, *details = _told(part)
    indented = [f"    {line}" for text in details for line in text.splitlines()]
    source = "\n".join([f"    {title}", f"    {counts}", *indented])
    cell = {"cell_type": "markdown", "metadata": {}, "source": source}
    made = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return msgspec.json.encode(made)


def _told(part: Part) -> Iterator[str]:
    report = part.read
    yield part.title
    yield part.counts or f"{report.points}"
    yield ""
    yield "All checks passed." if report.passed else remarks(report)


SYSTEMS: dict[str, Callable[[Graded], Written]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "email": _email,
    "html": _html,
}
FORMAT = ClassFormat(
    summary="Turn RESULTS into feedback to give back. It is a zip for Canvas or Moodle, or drafts "
    "of mails (an mbox, and a table for mail merge), or a zip with a page for each student.",
    example="kit export feedback canvas graded/ --out feedback.zip\n"
    "kit export feedback moodle graded/ --out feedback.zip\n"
    "kit export feedback email graded/ --roster people.csv --out drafts.mbox",
    write=feedback,
    roster="For email: a table with everybody's address.",
    tells_checks=True,
    parameters=[
        click.Argument(["system"], type=click.Choice([*SYSTEMS])),
        click.Option(["--from", "from_"], metavar="NAME", help="For Moodle: the export to take."),
        click.Option(["--sender"], metavar="ADDRESS", help="For email: the sender's address."),
    ],
)
