"""Every layout in which systems hand over what a class handed in."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.discovery import discover
from gradekit.intake.entries import Found
from gradekit.intake.handed_in import open_handed_in
from gradekit.roster import Roster

ANSWER = "def softmax(x, axis=-1):\n    return x\n"


def lay(root: Path, *paths: str) -> Path:
    """Make files, and folders where a path ends with a slash."""
    for path in paths:
        target = root / path
        if path.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(ANSWER)
    return root


def zipped(root: Path, target: Path) -> Path:
    """The files under `root` as a zip."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, path.relative_to(root))
    return target


def found_in(path: Path, course: Course) -> Found:
    return discover(open_handed_in(path), course)


def pairs(found: Found) -> list[tuple[str, str]]:
    """Student and the exercise's number of every entry."""
    return [(entry.student, entry.exercise.split("_")[1]) for entry in found.entries]


LAYOUTS = {
    "a folder a student": (
        ["ada/exercise_05_softmax.py", "bob/exercise_09_cross_entropy.ipynb"],
        [("ada", "05"), ("bob", "09")],
    ),
    "nbgrader": (
        [
            "source/ps1/softmax.ipynb",
            "submitted/ada/ps1/exercise_05.ipynb",
            "submitted/ada/ps1/timestamp.txt",
            "submitted/bob/exercise_09_cross_entropy/answer.ipynb",
            "autograded/ada/ps1/exercise_05.ipynb",
        ],
        [("ada", "05"), ("bob", "09")],
    ),
    "Canvas": (
        [
            "lovelaceada_101_2001_exercise_05_softmax.py",
            "babbagecharles_LATE_102_2002_exercise_05_softmax-1.py",
        ],
        [("babbagecharles", "05"), ("lovelaceada", "05")],
    ),
    "Moodle folders": (
        ["Ada Lovelace_77_assignsubmission_file_/exercise_05_softmax.py"],
        [("Ada Lovelace", "05")],
    ),
    "Moodle flat": (
        ["Ada Lovelace_77_assignsubmission_file_exercise_05_softmax.py"],
        [("Ada Lovelace", "05")],
    ),
    "a folder an exercise": (
        ["exercise_05_softmax/ada.py", "exercise_05_softmax/bob/answer.py"],
        [("ada", "05"), ("bob", "05")],
    ),
    "other spellings": (
        ["ada/Softmax.py", "bob/my exercise-05 final.py", "cem/5.py", "dan/Exercise5.py"],
        [("ada", "05"), ("bob", "05"), ("cem", "05"), ("dan", "05")],
    ),
    "a student called like an exercise": (
        ["adam_1_2_exercise_05_softmax.py", "adam/exercise_09_cross_entropy.py"],
        [("adam", "05"), ("adam", "09")],
    ),
    "copies of Colab's": (
        ["Copy of Copy of ada_exercise_05_softmax.ipynb", "bob_Copy of exercise_05_softmax.ipynb",
         "exercise_09_cross_entropy/Kopie von cem.ipynb"],
        [("ada", "05"), ("bob", "05"), ("cem", "09")],
    ),
    "repositories of GitHub Classroom": (
        ["hw1-submissions/hw1-ada/exercise_05_softmax.py", "hw1-submissions/hw1-b-o/softmax.py"],
        [("ada", "05"), ("b-o", "05")],
    ),
    "clones whose names begin alike": (
        ["nets-ada/exercise_05_softmax.py", "nets-ada/.git/", "nets-bob/5.py", "nets-bob/.git/"],
        [("ada", "05"), ("bob", "05")],
    ),
    "names that begin alike": (
        ["adam-smith/exercise_05_softmax.py", "adam-jones/5.py"],
        [("adam-jones", "05"), ("adam-smith", "05")],
    ),
    "names in other alphabets": (
        ["Zoë Ångström/exercise_05_softmax.py", "李雷/exercise 05.py", "محمد_exercise_05.py"],
        [("Zoë Ångström", "05"), ("محمد", "05"), ("李雷", "05")],
    ),
}


@pytest.mark.parametrize(("paths", "expected"), LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
def test_layout(
    paths: list[str],
    expected: list[tuple[str, str]],
    as_zip: bool,
    tmp_path: Path,
    course: Course,
) -> None:
    """Students and exercises are found in each layout, in a folder and in a zip of it."""
    root = lay(tmp_path / "class", *paths)
    found = found_in(zipped(root, tmp_path / "class.zip") if as_zip else root, course)
    assert sorted(pairs(found)) == sorted(expected)
    assert not found.not_graded


def test_zip_of_the_folder_itself(tmp_path: Path, course: Course) -> None:
    """A zip whose only entry is the class's folder is looked into."""
    lay(tmp_path / "in/class of 2026", "ada/exercise_05.py", "bob/exercise_05.py")
    found = found_in(zipped(tmp_path / "in", tmp_path / "class.zip"), course)
    assert pairs(found) == [("ada", "05"), ("bob", "05")]


def test_a_zip_is_called_like_an_answer(tmp_path: Path, course: Course) -> None:
    """Its student is what stands before the exercise; a bare slug may be somebody's name."""
    inside = zipped(lay(tmp_path / "in", "exercise_05_softmax.py"), tmp_path / "one.zip")
    (tmp_path / "class").mkdir()
    for name in ("ada_exercise_05_softmax.zip", "bob_exercise5.zip", "smith_adam.zip", "cem.zip"):
        shutil.copy(inside, tmp_path / "class" / name)
    found = found_in(tmp_path / "class", course)
    assert pairs(found) == [(name, "05") for name in ("ada", "bob", "cem", "smith_adam")]


def test_gradescope_export_knows_names(tmp_path: Path, course: Course) -> None:
    """Gradescope's metadata turns its folders into people; a pair handed in for both."""
    pytest.importorskip("yaml")
    root = lay(tmp_path / "in/assignment_7_export", "submission_1/exercise_05.py")
    (root / "submission_metadata.yml").write_text(
        "submission_1:\n  :submitters:\n  - :name: Ada\n    :email: a@x\n"
        "  - :name: Bob\n    :email: b@x\n"
    )
    found = found_in(zipped(tmp_path / "in", tmp_path / "export.zip"), course)
    assert pairs(found) == [("Ada", "05"), ("Bob", "05")]
    assert found.students == ["Ada", "Bob"]


PLANTED = (
    "submission_1:\n  :submitters:\n  - :name: Eve\n    :email: e@x\n"
    "bob:\n  :submitters:\n  - :name: Eve\n    :email: e@x\n"
)


@pytest.mark.parametrize(
    "place", ["bob/submission_metadata.yml", "in/submission_1/submission_metadata.yml"]
)
def test_planted_metadata_names_nobody(place: str, tmp_path: Path, course: Course) -> None:
    """A student's own submission_metadata.yml takes nobody's answers; it is listed."""
    pytest.importorskip("yaml")
    root = lay(tmp_path, "bob/exercise_05.py", "submission_1/exercise_05.py", place)
    (root / place).write_text(PLANTED)
    found = found_in(root, course)
    assert "Eve" not in found.students
    assert any("says who is who" in each.reason for each in found.not_graded)


def test_metadata_is_only_about_folders_that_are_there(tmp_path: Path, course: Course) -> None:
    """An entry for a folder that is no submission's, or not there, makes nobody a student."""
    pytest.importorskip("yaml")
    root = lay(tmp_path, "bob/exercise_05.py", "submission_2/exercise_05.py")
    (root / "submission_metadata.yml").write_text(PLANTED + PLANTED.replace("_1", "_2", 1))
    found = found_in(root, course)
    assert pairs(found) == [("bob", "05"), ("Eve", "05")]


HOSTILE_YAML = {
    "brackets": "[" * 200_000,
    "braces": "submission_1: " + "{a: " * 200_000,
    "aliases": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
    ),
    "binary": "\0\1\2",
    "another shape": "- 1\n- submission_1: {':submitters': [1, [2], {':name': {a: b}}]}\n",
    "keys that are lists": "? [a, b]\n: c\n",
    "python objects": "submission_1: !!python/object/apply:os.system ['exit 1']\n",
}


@pytest.mark.parametrize("text", HOSTILE_YAML.values(), ids=HOSTILE_YAML)
def test_hostile_metadata_stops_nothing(text: str, tmp_path: Path, course: Course) -> None:
    """Whatever the metadata holds, the answers are found, under the names of their folders."""
    pytest.importorskip("yaml")
    root = lay(tmp_path, "submission_1/exercise_05.py")
    (root / "submission_metadata.yml").write_text(text)
    assert pairs(found_in(root, course)) == [("submission_1", "05")]


def test_what_cannot_be_placed_is_listed(tmp_path: Path, course: Course) -> None:
    """Everything without a student or an exercise is listed with its reason."""
    root = lay(
        tmp_path,
        "ada/report.pdf",
        "ada/helper.py",
        "ada/softmax_and_dropout.py",
        "exercise_05_softmax.py",
        "adam_1_2_solution.py",
        "bob/exercise_05.py",
        "bob/.ipynb_checkpoints/exercise_05.py",
        "__MACOSX/bob/exercise_05.py",
    )
    found = found_in(root, course)
    assert pairs(found) == [("bob", "05")]
    reasons = {each.file: each.reason for each in found.not_graded}
    assert reasons.keys() == {
        "ada/report.pdf",
        "ada/helper.py",
        "ada/softmax_and_dropout.py",
        "exercise_05_softmax.py",
        "adam_1_2_solution.py",
    }
    assert "several exercises" in reasons["ada/softmax_and_dropout.py"]
    assert "no student" in reasons["exercise_05_softmax.py"]


def test_results_of_an_earlier_run_are_nobody(tmp_path: Path, course: Course) -> None:
    """A folder that `kit grade` wrote is listed, not looked into; a student's file is theirs."""
    root = lay(tmp_path, "ada/exercise_05.py", "ada/results.jsonl", "old/unnamed/exercise_05-1a.py")
    lay(root / "old", "results.jsonl", ".lock")
    found = found_in(root, course)
    assert found.students == ["ada"]
    assert {each.file: each.reason for each in found.not_graded}.keys() == {
        "ada/results.jsonl",
        "old",
    }


def test_github_classroom_s_roster_knows_its_repositories(tmp_path: Path, course: Course) -> None:
    """By the account; who has none yet is called by the identifier."""
    lay(tmp_path / "hw1-submissions", "hw1-al/softmax.py", "hw1-bb/softmax.py")
    table = tmp_path / "roster.csv"
    table.write_text(
        '"identifier","github_username","github_id","name"\n"a@x","al","1","Ada Lovelace"\n'
        '"b@x","BB","2",""\n"c@x","","",""\n'
    )
    found = discover(open_handed_in(tmp_path / "hw1-submissions"), course, None, Roster(table))
    assert pairs(found) == [("Ada Lovelace", "05"), ("BB", "05")]
    assert [each.name for each in found.missing] == ["c@x"] and not found.unknown


def test_student_with_nothing_is_there(tmp_path: Path, course: Course) -> None:
    """A student whose folder is empty belongs to the class all the same."""
    found = found_in(lay(tmp_path, "ada/exercise_05.py", "bob/"), course)
    assert found.students == ["ada", "bob"]


def test_last_attempt_counts(tmp_path: Path, course: Course) -> None:
    """Of several attempts the last counts, by the number that the platform gave it."""
    names = [
        f"ada_1_{id}_exercise_05_softmax{end}.py" for id, end in ((9, ""), (5, "-2"), (7, "-1"))
    ]
    found = found_in(lay(tmp_path, *names), course)
    assert [(each.file, each.attempt, each.counted) for each in found.entries] == [
        (names[1], 3, True),
        (names[0], 1, False),
        (names[2], 2, False),
    ]
    assert not found.not_graded


def test_newer_file_counts(tmp_path: Path, course: Course) -> None:
    """Of a file and a notebook the one that was changed last is graded."""
    root = lay(tmp_path, "ada/exercise_05.py", "ada/exercise_05.ipynb")
    os.utime(root / "ada/exercise_05.py", (2_000_000_000, 2_000_000_000))
    assert [entry.file for entry in found_in(root, course).entries] == ["ada/exercise_05.py"]


def test_two_students_of_one_name(tmp_path: Path, course: Course) -> None:
    """Two people of the same name stay two, told apart by their ids."""
    names = ["smithjohn_1_10_exercise_05.py", "smithjohn_2_11_exercise_05.py"]
    found = found_in(lay(tmp_path, *names), course)
    assert pairs(found) == [("smithjohn (1)", "05"), ("smithjohn (2)", "05")]


def test_spellings_of_one_name_are_one_student(tmp_path: Path, course: Course) -> None:
    """Composed and decomposed letters are the same name: a Mac writes the second."""
    root = lay(tmp_path, "Zo\u00eb/exercise_05.py", "Zoe\u0308/exercise_09.py")
    assert pairs(found_in(root, course)) == [("Zo\u00eb", "05"), ("Zo\u00eb", "09")]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names, links or pipes")
def test_hostile_files(tmp_path: Path, course: Course) -> None:
    """Links and pipes are never opened, and names of any bytes do no harm."""
    root = lay(tmp_path, "ada/exercise_09.py")
    (root / "eve").mkdir()
    (root / "eve/exercise_05.py").symlink_to(course.solution(course.find("5")))
    (root / "eve/folder").symlink_to(course.root)
    os.mkfifo(root / "eve/exercise_09.py")
    odd = root / os.fsdecode(b"M\xfcller")
    odd.mkdir()
    (odd / "exercise_05\x1b[31m.py").write_text(ANSWER)
    found = found_in(root, course)
    assert pairs(found) == [("M\\xfcller", "05"), ("ada", "09")]
    assert found.entries[0].file.isprintable()
    assert open_handed_in(root).read(found.entries[0].path) == ANSWER.encode()
    assert {each.reason for each in found.not_graded} == {
        "it is a link, not a file",
        "it is not a regular file",
    }
    with pytest.raises(KitError):
        open_handed_in(root).read("eve/exercise_05.py")
    with pytest.raises(KitError, match="not a regular file"):
        open_handed_in(root).read("eve/exercise_09.py")


def test_damaged_zip(tmp_path: Path, course: Course) -> None:
    """A damaged member is that file's problem; what is no zip at all is said."""
    archive = zipped(
        lay(tmp_path / "in", "ada/exercise_05.py", "bob/exercise_05.py"), tmp_path / "z"
    )
    content = bytearray(archive.read_bytes())
    content[content.index(b"def ")] = 0
    archive.write_bytes(content)
    handed_in = open_handed_in(archive)
    entries = discover(handed_in, course).entries
    with pytest.raises(KitError, match="cannot be unpacked"):
        handed_in.read(entries[0].path)
    assert handed_in.read(entries[1].path)
    archive.write_bytes(b"PK no zip")
    with pytest.raises(KitError, match="neither a folder nor a zip"):
        open_handed_in(archive)
    with pytest.raises(KitError, match="There is no"):
        open_handed_in(tmp_path / "nowhere")


def test_zip_bomb_is_read_in_part(tmp_path: Path, course: Course) -> None:
    """Of a member that unpacks to gigabytes no more is unpacked than an answer may have."""
    with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/exercise_05.py", b"0" * 40_000_000)
        archive.writestr("bob/exercise_05.py", ANSWER)
    handed_in = open_handed_in(tmp_path / "z")
    assert len(handed_in.read("ada/exercise_05.py")) == 20 * 2**20 + 1
