"""A class of 60 in every layout that systems export: every answer lands with its person.

The layouts are those of FORMATS: Canvas, Moodle, Gradescope, nbgrader, and what people make.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gradekit.course import Course
from gradekit.intake.discovery import discover
from gradekit.intake.entries import Found
from gradekit.intake.handed_in import open_handed_in
from gradekit.roster import Roster

SOFTMAX, ADAM = "exercise_05_softmax", "exercise_08_adam"


class Student(NamedTuple):
    name: str
    number: int

    @property
    def id(self) -> str:
        return str(1000 + self.number)

    @property
    def answer(self) -> str:
        """What only this student handed in."""
        return f"def softmax(x, axis=-1):\n    return {self.number}\n"

    @property
    def canvas(self) -> str:
        """As Canvas spells it: last name first, small letters, no spaces."""
        *first, last = self.name.split()
        return (last + "".join(first)).lower()


FIRST = ["Ada", "Zo\u00eb", "Jean-Luc", "\u674e", "Adam", "Maria Jos\u00e9", "O'Brien", "Mohammed"]
LAST = [
    "Smith",
    "M\u00fcller",
    "Garc\u00eda Lorca",
    "\u96f7",
    "van der Berg",
    "Nguyen",
    "Late",
    "Ex",
]
CLASS = [Student(f"{FIRST[n % 8]} {LAST[n // 8]}", n) for n in range(58)]
CLASS += [Student("John Doe", 58), Student("John Doe", 59)]
Files = dict[str, str]


def canvas(students: list[Student]) -> Files:
    """Every third is late, in one spelling or the other, and has handed in before."""
    files: Files = {}
    for each in students:
        late = ("", "_LATE", "_late")[each.number % 3]
        head, attachment = f"{each.canvas}{late}_{each.id}", 5000 + each.number
        version = "-1" if each.number % 3 == 1 else ""
        if version:
            files[f"{head}_{attachment - 2000}_{SOFTMAX}.py"] = "old"
        files[f"{head}_{attachment}_{SOFTMAX}{version}.py"] = each.answer
    return files


def anonymous(students: list[Student]) -> Files:
    return {
        f"{('', 'LATE_', 'late_')[each.number % 3]}anon_x{each.id}_{9 + each.number}_softmax.py":
        each.answer for each in students
    }  # fmt: skip


def moodle(students: list[Student]) -> Files:
    return {
        f"{each.name}_{each.id}_assignsubmission_file_/{SOFTMAX}.py": each.answer
        for each in students
    }


def moodle_flat(students: list[Student]) -> Files:
    return {path.replace("_/", "_"): text for path, text in moodle(students).items()}


def moodle_groups(students: list[Student]) -> Files:
    return {
        f"Group {each.number % 4}-{each.name}_{each.id}_assignsubmission_file_/5.py": each.answer
        for each in students
    }


def moodle_blind(students: list[Student]) -> Files:
    return {
        f"Participant_{each.id}_assignsubmission_file_/softmax.py": each.answer for each in students
    }


def gradescope(students: list[Student]) -> Files:
    head = "assignment_77_export"
    about = [
        f"submission_{each.id}:\n  :submitters:\n  - :name: {json.dumps(each.name)}\n"
        f"    :email: {each.id}@x.org\n    :sid: '{each.id}'\n"
        "  :created_at: 2026-09-01 12:00:00.123456789 Z\n  :score: 0.0\n"
        for each in students
    ]
    files = {f"{head}/submission_{each.id}/{SOFTMAX}.py": each.answer for each in students}
    return {**files, f"{head}/submission_metadata.yml": "---\n" + "".join(about)}


def blackboard(students: list[Student]) -> Files:
    """Half of them without their note; everybody handed in a stub a day before."""
    files: Files = {}
    for each in students:
        head = f"HW_5_{each.id}_attempt_2026-11"
        files[f"{head}-20-10-11-12_{SOFTMAX}.py"] = "def softmax(x, axis=-1):\n    return 0\n"
        files[f"{head}-21-10-11-12_{SOFTMAX}.py"] = each.answer
        if each.number % 2:
            files[f"{head}-21-10-11-12.txt"] = f"Name: {each.name} ({each.id})\nTask: HW 5\n"
    return files


def nbgrader(students: list[Student]) -> Files:
    files: Files = {"source/ps1/x.ipynb": "{}", "nbgrader_config.py": ""}
    for each in students:
        folder = f"submitted/{each.id}/ps1"
        cells = [{"cell_type": "code", "source": each.answer, "metadata": {}}]
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
        files[f"{folder}/{SOFTMAX}.ipynb"] = json.dumps(notebook)
        files[f"{folder}/timestamp.txt"] = "2026-09-01 12:00:00.000000 UTC"
    return files


def folders(students: list[Student]) -> Files:
    return {f"{each.name} {each.id}/{SOFTMAX}.py": each.answer for each in students}


def sections(students: list[Student]) -> Files:
    """The two John Does are in two sections, and have no ids."""
    return {f"section {each.number % 2}/{each.name}/5.py": each.answer for each in students}


def exercises(students: list[Student]) -> Files:
    return {f"{SOFTMAX}/{each.name} {each.id}.py": each.answer for each in students}


def zips(students: list[Student]) -> Files:
    """Everybody handed in a zip; Canvas gave it its name."""
    return {
        f"{each.canvas}_{each.id}_{5000 + each.number}_hw.zip/hw/{SOFTMAX}.py": each.answer
        for each in students
    }


LAYOUTS = [
    canvas, anonymous, moodle, moodle_flat, moodle_groups, moodle_blind, gradescope, nbgrader,
    folders, sections, exercises, zips, blackboard,
]  # fmt: skip


def packed(files: Files, mac: bool = False) -> bytes:
    """A zip; what lies in a .zip of a path becomes a zip in it. A Mac's has its litter."""
    made = io.BytesIO()
    inner: dict[str, Files] = {}
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            head, dot_zip, tail = path.partition(".zip/")
            if dot_zip:
                inner.setdefault(f"{head}.zip", {})[tail] = text
                continue
            archive.writestr(path, text)
            if mac:
                folder, _, name = path.rpartition("/")
                archive.writestr(f"__MACOSX/{folder}/._{name}", b"\0\5\x16\7")
        for path, its in inner.items():
            archive.writestr(path, packed(its))
    content = made.getvalue()
    if mac:  # names are UTF-8, and no flag says so
        content = _without_flags(content)
    return content


def _without_flags(content: bytes) -> bytes:
    made = bytearray(content)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = made.find(signature)
        while place >= 0:
            made[place + offset + 1] &= ~0x08
            place = made.find(signature, place + 4)
    return bytes(made)


def written(files: Files, root: Path) -> Path:
    for path, text in files.items():
        head, dot_zip, _ = path.partition(".zip/")
        target = root / (f"{head}.zip" if dot_zip else path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if dot_zip:
            its = {p.partition(".zip/")[2]: t for p, t in files.items() if p.startswith(head)}
            target.write_bytes(packed(its))
        else:
            target.write_text(text, "utf-8")
    return root


def as_folder(files: Files, root: Path) -> Path:
    return written(files, root / "class")


def one_deeper(files: Files, root: Path) -> Path:
    written(files, root / "outer" / "hand-in of today")
    return root / "outer"


def as_zip(files: Files, root: Path) -> Path:
    (root / "export.zip").write_bytes(packed(files))
    return root / "export.zip"


def mac_zip(files: Files, root: Path) -> Path:
    (root / "Archive.zip").write_bytes(packed({f"export/{p}": t for p, t in files.items()}, True))
    return root / "Archive.zip"


def zip_in_zip(files: Files, root: Path) -> Path:
    with zipfile.ZipFile(root / "outer.zip", "w") as archive:
        archive.writestr("inner/submissions.zip", packed(files))
    return root / "outer.zip"


def zip_in_folder(files: Files, root: Path) -> Path:
    (root / "downloads").mkdir()
    (root / "downloads" / "submissions.zip").write_bytes(packed(files))
    return root / "downloads"


WAYS = [as_folder, one_deeper, as_zip, mac_zip, zip_in_zip, zip_in_folder]


def numbers(found: Found, path: Path) -> Iterator[tuple[str, str, int]]:
    """Name, id and the number in the answer of each that counts."""
    handed_in = open_handed_in(path)
    handed_in.items()
    for entry in found.entries:
        if entry.counted:
            text = handed_in.read(entry.path).decode()
            yield entry.person.name, entry.person.id, int(text.split("return ")[1].split("\\")[0])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_answer_lands_with_its_person(
    layout: Callable[[list[Student]], Files],
    way: Callable[[Files, Path], Path],
    tmp_path: Path,
    course: Course,
) -> None:
    """60 people, each with the own answer; two of one name stay two; nothing is in doubt."""
    if layout is gradescope:
        pytest.importorskip("yaml")
    path = way(layout(CLASS), tmp_path)
    found = discover(open_handed_in(path), course)
    assert not found.doubts
    graded = [each for each in found.entries if each.counted]
    assert {each.exercise for each in graded} == {SOFTMAX}
    assert len(graded) == len({each.student for each in graded}) == 60
    for name, id, number in numbers(found, path):
        student = CLASS[number]
        if layout in (folders, exercises):
            assert f"{name} {id}".strip() == f"{student.name} {student.id}"
        elif layout is sections:
            assert name == student.name
        elif layout is nbgrader:
            assert name == student.id
        elif layout is gradescope:
            assert (name, id) == (student.name, f"{student.id}@x.org")
        else:
            assert id.removeprefix("x") == student.id
        if layout is moodle_groups or (layout is blackboard and number % 2):
            assert name == student.name
    if layout in (gradescope, nbgrader):
        assert {each.handed_in for each in graded} == {"2026-09-01T12:00:00Z"}


def test_only_blackboard_itself_says_whose_a_file_is(tmp_path: Path, course: Course) -> None:
    """Who calls a file so on another platform, in a zip, or in a file, is nobody else."""
    name = f"x_1001_attempt_2026-11-21-10-11-12_{SOFTMAX}.py"
    for number, layout in enumerate((canvas, moodle_flat, folders, blackboard)):
        files = layout(CLASS[:3])
        eve = {path.replace(f"{SOFTMAX}.py", name): text for path, text in files.items()}
        last = CLASS[2].id
        files = {p: t for p, t in files.items() if last not in p}
        files |= {p: t for p, t in eve.items() if last in p and not p.endswith("12.txt")}
        path = written(files, tmp_path / str(number))
        found = discover(open_handed_in(path), course, SOFTMAX)
        people = {(each.person.id or each.person.name) for each in found.entries if each.counted}
        assert len(people) == 3 and any(last in each for each in people), layout.__name__


ROSTERS: dict[str, Callable[[Student], str]] = {
    "Student,ID,SIS Login ID,Section": lambda s: f'"{s.name}",{s.id},login{s.number},A',
    "First name;Last name;Identifier;Email address": lambda s: (
        f"{s.name.rpartition(' ')[0]};{s.name.split()[-1]};Participant {s.id};{s.id}@x.org"
    ),
}


@pytest.mark.parametrize(
    ("layout", "header"),
    [
        (canvas, "Student,ID,SIS Login ID,Section"),
        (moodle, "First name;Last name;Identifier;Email address"),
        (moodle_groups, "First name;Last name;Identifier;Email address"),
        (moodle_blind, "First name;Last name;Identifier;Email address"),
        (gradescope, "First name;Last name;Identifier;Email address"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_roster_gives_names_and_says_who_is_missing(
    layout: Callable[[list[Student]], Files], header: str, tmp_path: Path, course: Course
) -> None:
    """Names, ids and logins come from the platform's own table; nobody is matched twice."""
    if layout is gradescope:
        pytest.importorskip("yaml")
    missing, stranger = CLASS[7], Student("A Stranger", 70)
    table = tmp_path / "roster.csv"
    table.write_text("\n".join([header, *(ROSTERS[header](each) for each in CLASS)]), "utf-8-sig")
    there = [each for each in CLASS if each is not missing] + [stranger]
    path = as_folder(layout(there), tmp_path)
    found = discover(open_handed_in(path), course, roster=Roster(table))
    assert [each.name for each in found.missing] == [missing.name]
    assert len(found.unknown) == 1
    assert not found.doubts
    graded = [each for each in found.entries if each.counted]
    assert len({each.person.key for each in graded}) == 60
    names = {each.person.name for each in graded} - {found.unknown[0].name}
    assert names == {each.name for each in there if each is not stranger}


def test_several_exports_in_one_folder(tmp_path: Path, course: Course) -> None:
    """One person in two exports stays one: the zips of two exercises, beside each other."""
    root = tmp_path / "term"
    root.mkdir()
    (root / "softmax export.zip").write_bytes(packed(canvas(CLASS[:5])))
    adam = {
        path.replace(SOFTMAX, "hw"): text.replace("softmax", "adam_step")
        for path, text in canvas(CLASS[3:9]).items()
    }
    (root / "adam export.zip").write_bytes(packed(adam))
    found = discover(open_handed_in(root), course)
    graded = [(each.person.id, each.exercise) for each in found.entries if each.counted]
    assert sorted(graded) == sorted(
        [(each.id, SOFTMAX) for each in CLASS[:5]] + [(each.id, ADAM) for each in CLASS[3:9]]
    )
    assert len(found.people) == 9


GROUPS = {
    "canvas": (
        "team1_2_900_exercise_05_softmax.py",
        "name,canvas_user_id,user_id,login_id,sections,group_name\n"
        "Ada,2,s2,ada,A,Team 1\nAlan,3,s3,alan,A,Team 1\nZoe,4,s4,zoe,A,Team 2\n",
    ),
    "moodle": (
        "Team 1_77_assignsubmission_file_/exercise_05_softmax.py",
        'First name,Last name,Email address,Groups\nAda,,ada@x.org,"Lab A, Team 1"\n'
        "Alan,,alan@x.org,Team 1\nZoe,,zoe@x.org,Team 2\n",
    ),
}


@pytest.mark.parametrize("system", GROUPS)
def test_a_group_is_its_members_where_the_roster_says_so(
    system: str, tmp_path: Path, course: Course
) -> None:
    """Who hands in together has the same answer each; a person of that name is a person."""
    name, table = GROUPS[system]
    path = tmp_path / "class" / name
    path.parent.mkdir(parents=True)
    path.write_text("def softmax(x): ...\n")
    roster = tmp_path / "roster.csv"
    roster.write_text(table)
    found = discover(open_handed_in(tmp_path / "class"), course, roster=Roster(roster))
    assert [(each.student, each.exercise) for each in found.entries] == [
        ("Ada", SOFTMAX), ("Alan", SOFTMAX),
    ]  # fmt: skip
    assert [each.name for each in found.missing] == ["Zoe"] and not found.unknown
    roster.write_text(table.replace("Zoe", "Team 1", 1))
    found = discover(open_handed_in(tmp_path / "class"), course, roster=Roster(roster))
    assert "Ada" not in {each.student for each in found.entries} or system == "canvas"
    found = discover(open_handed_in(tmp_path / "class"), course)
    assert len(found.entries) == 1
