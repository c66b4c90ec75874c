"""What strangers put into folders and zips: read or listed, and never the end of a run."""

from __future__ import annotations

import io
import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.discovery import answers_of_one, discover
from gradekit.intake.entries import Found
from gradekit.intake.handed_in import open_handed_in

ANSWER = "def softmax(x, axis=-1):\n    return x\n\ndef log_softmax(x, axis=-1):\n    return x\n"
ADAM = "def adam_step(): ...\ndef adamw_step(): ...\ndef adam_minimize(): ...\n"


def lay(root: Path, *paths: str, text: str = ANSWER) -> Path:
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def placed(path: Path, course: Course, **more: object) -> Found:
    return discover(open_handed_in(path), course, **more)


def pairs(found: Found) -> list[tuple[str, str]]:
    counted = [each for each in found.entries if each.counted]
    return sorted((each.student, each.exercise.split("_")[1]) for each in counted)


def reasons(found: Found) -> dict[str, str]:
    return {each.file: each.reason for each in found.not_graded}


@pytest.mark.skipif(os.name == "nt", reason="Windows needs a right to make links")
def test_no_link_is_followed_in_any_component(tmp_path: Path, course: Course) -> None:
    """A folder that becomes a link after it was listed leads nowhere."""
    root = lay(tmp_path / "in", "ada/sub/exercise_05.py", "bob/exercise_05.py")
    lay(tmp_path / "else", "exercise_05.py")
    handed_in = open_handed_in(root)
    assert len(discover(handed_in, course).entries) == 2
    (root / "ada/sub/exercise_05.py").unlink()
    (root / "ada/sub").rmdir()
    (root / "ada/sub").symlink_to(tmp_path / "else")
    with pytest.raises(KitError, match="cannot be read"):
        handed_in.read("ada/sub/exercise_05.py")
    found = placed(root, course)
    assert pairs(found) == [("bob", "05")]
    assert reasons(found) == {"ada/sub": "it is a link, not a file"}
    with pytest.raises(KitError):
        handed_in.read("../else/exercise_05.py")


def test_a_thousand_folders_deep(tmp_path: Path, course: Course) -> None:
    """A path without an end is listed, in a folder and in a zip; the others are graded."""
    root = lay(tmp_path / "in", "ada/exercise_05.py")
    here = Path.cwd()
    try:
        os.chdir(root)
        for _ in range(1000):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    found = placed(root, course)
    assert pairs(found) == [("ada", "05")]
    assert any("too many folders" in reason for reason in reasons(found).values())
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("ada/exercise_05.py", ANSWER)
        archive.writestr("d/" * 1000 + "exercise_05.py", ANSWER)
    assert pairs(placed(tmp_path / "z.zip", course)) == [("ada", "05")]
    os.chdir(root)  # so that pytest can remove it: it lies too deep for its own name
    try:
        depth = 0
        while Path("d").is_dir():
            os.chdir("d")
            depth += 1
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()
    finally:
        os.chdir(here)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to this user"
)
def test_a_folder_that_cannot_be_entered(tmp_path: Path, course: Course) -> None:
    """It is listed, and the others are graded."""
    root = lay(tmp_path / "in", "ada/exercise_05.py", "bob/exercise_05.py")
    (root / "bob").chmod(0)
    try:
        found = placed(root, course)
    finally:
        (root / "bob").chmod(stat.S_IRWXU)
    assert pairs(found) == [("ada", "05")]
    assert reasons(found) == {"bob": "it cannot be read"}


def zip_of(path: Path, *members: tuple[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name(tmp_path: Path, course: Course) -> None:
    """Of two members of one name the later is read, as unpacking would, and the other listed."""
    path = zip_of(
        tmp_path / "z.zip",
        ("ada/exercise_05.py", "first"),
        ("ada/./exercise_05.py", ANSWER),
        ("../bob/exercise_05.py", ANSWER),
        ("/cem/exercise_05.py", ANSWER),
        ("C:/dan/exercise_05.py", ANSWER),
        ("ada//sub/../exercise_09.py", ANSWER),
        ("eve/exercise_05.py", ANSWER),
    )
    found = placed(path, course)
    assert pairs(found) == [("ada", "05"), ("eve", "05")]
    assert open_handed_in(path).read("ada/exercise_05.py").decode() == ANSWER
    told = [each.reason for each in found.not_graded]
    assert sum("leads out" in reason for reason in told) == 4
    assert sum("same name" in reason for reason in told) == 1


def test_names_that_look_alike_stay_two(tmp_path: Path, course: Course) -> None:
    """Who differs by a character that nobody sees is somebody else, and it is spelled out."""
    root = lay(tmp_path, "ada/exercise_05.py", "ada\u200b/exercise_05.py", "ada\u200c/5.py")
    found = placed(root, course)
    assert pairs(found) == [("ada", "05"), ("ada\\u200b", "05"), ("ada\\u200c", "05")]


def test_a_student_called_submitted(tmp_path: Path, course: Course) -> None:
    """Beside the folders of others it is a student's, whatever nbgrader calls its own."""
    root = lay(tmp_path, "ada/exercise_05.py", "submitted/exercise_05.py", "bob/exercise_05.py")
    assert [student for student, _ in pairs(placed(root, course))] == ["ada", "bob", "submitted"]
    lay(tmp_path, "submitted/eve/ps1/exercise_09.py")
    assert [student for student, _ in pairs(placed(root, course))][:2] == ["ada", "bob"]


def test_hidden_files_are_listed(tmp_path: Path, course: Course) -> None:
    """What begins with a dot is not graded, and said; what systems leave behind is not said."""
    root = lay(
        tmp_path,
        "ada/exercise_05.py",
        "ada/.old/exercise_05.py",
        "bob/.exercise_05.py",
        ".cem/exercise_05.py",
        "ada/._exercise_05.py",
        "__MACOSX/ada/exercise_05.py",
        "ada/.ipynb_checkpoints/exercise_05-checkpoint.py",
    )
    found = placed(root, course)
    assert pairs(found) == [(".cem", "05"), ("ada", "05")]  # a student's folder may be called so
    assert len(reasons(found)) == 2


def test_a_students_name_names_nobody_else(tmp_path: Path, course: Course) -> None:
    """A file called as a platform calls another's does not leave its student's folder."""
    root = lay(
        tmp_path,
        "eve/lovelaceada_101_2001_exercise_05_softmax.py",
        "eve/Ada Lovelace_77_assignsubmission_file_/exercise_09.py",
        "eve/timestamp.txt",
        "ada/exercise_05.py",
        "bob/exercise_05.py",
    )
    found = placed(root, course)
    assert {student for student, _ in pairs(found)} == {"ada", "bob", "eve"}
    assert "eve/timestamp.txt" in reasons(found)


def test_zips_that_cost_too_much_are_listed(tmp_path: Path, course: Course) -> None:
    """A zip in a zip in a zip has an end, and one that cannot be read is one line."""
    content = ANSWER.encode()
    name = "exercise_05.py"
    for depth in range(6):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        name, content = f"level{depth}.zip", made.getvalue()
    lay(tmp_path, "ada/exercise_05.py", "bob/broken.zip")
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve/deep.zip").write_bytes(content)
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number:040}", b"")
    (tmp_path / "eve/many.zip").write_bytes(large.getvalue())
    found = placed(tmp_path, course)
    assert pairs(found) == [("ada", "05")]
    told = reasons(found)
    assert "no zip file" in told["bob/broken.zip"]
    assert "too many files" in told["eve/many.zip"]
    assert any("other zips" in reason for reason in told.values())


def test_a_damaged_zip_in_a_zip_is_listed(tmp_path: Path, course: Course) -> None:
    """What cannot be unpacked is that zip's problem, however far it got."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("exercise_05.py", ANSWER * 50)
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/exercise_05.py", ANSWER)
        archive.writestr("bob/hw.zip", inner.getvalue())
        place = archive.getinfo("bob/hw.zip").header_offset + 30 + len("bob/hw.zip")
    content = bytearray(path.read_bytes())
    content[place : place + 8] = b"\xff" * 8
    path.write_bytes(content)
    found = placed(path, course)
    assert pairs(found) == [("ada", "05")]
    assert "bob/hw.zip" in reasons(found)


NAMES = {
    "exercise_05_softmax.py": "05",
    "EXERCISE_05_SOFTMAX.PY": "05",
    "exercise_05_softmax.ipynb.txt": "05",
    "05_softmax (2).py": "05",
    "softmax_05.py": "05",
    "05_adam.py": "doubt",
    "exercise_05_adam.py": "doubt",
    "5-adam-final.py": "doubt",
    "exercise_99_softmax.py": "",
    "exercise_23_online_softmax.py": "",
    "my adam notes.py": "doubt",
    "exercise_05_softmax_with_dropout.py": "05",
    "decoding.py": "28",
    "dropout_and_adam.py": "doubt",
    "Untitled.ipynb": "",
    "hw5.py": "",
}


@pytest.mark.parametrize(("name", "exercise"), NAMES.items(), ids=NAMES)
def test_which_exercise_a_name_means(
    name: str, exercise: str, tmp_path: Path, course: Course
) -> None:
    """Another exercise's number is a veto; what stays in doubt is listed, never guessed."""
    found = placed(lay(tmp_path, f"ada/{name}", text="x = 1\n"), course)
    assert [number for _, number in pairs(found)] == ([exercise] if exercise.isdigit() else [])
    assert bool(found.not_graded) != exercise.isdigit()


def test_longer_slugs_win(tmp_path: Path, course: Course) -> None:
    """`batch_normalization` holds `normalization`, and is another exercise."""
    root = lay(tmp_path, "ada/batch_normalization.py", "ada/normalization.py")
    assert pairs(placed(root, course)) == [("ada", "12"), ("ada", "22")]


def test_the_exact_name_beats_a_looser_newer_one(tmp_path: Path, course: Course) -> None:
    """A file of the exercise's own name is graded, whatever else was changed since."""
    root = lay(tmp_path, "ada/exercise_05_softmax.py", "ada/softmax.py", "ada/5.py")
    os.utime(root / "ada/softmax.py", (2_000_000_000, 2_000_000_000))
    found = placed(root, course)
    assert [entry.file for entry in found.entries] == ["ada/exercise_05_softmax.py"]
    assert all(each.superseded for each in found.not_graded)


def test_dates_that_are_equal_are_not_said_to_differ(tmp_path: Path, course: Course) -> None:
    """Of two files of one date one is graded, and neither is called newer."""
    root = lay(tmp_path, "ada/a/5.py", "ada/b/5.py", "bob/5.py")
    for folder in "ab":
        os.utime(root / f"ada/{folder}/5.py", (1_000_000_000, 1_000_000_000))
    (other,) = placed(root, course).not_graded
    assert "duplicate" in other.reason and "newer" not in other.reason


def test_a_file_answers_each_exercise_whose_functions_it_has(
    tmp_path: Path, course: Course
) -> None:
    """A notebook of a whole problem set counts for all that it defines."""
    root = lay(tmp_path, "ada/ps1.ipynb", "bob/Untitled.py", text=ANSWER + ADAM)
    lay(tmp_path, "cem/softmax_and_adam.py", text=ANSWER + ADAM)
    lay(tmp_path, "dan/notes.py", text="def softmax(x): return x\n")
    assert pairs(placed(root, course)) == [
        (student, number) for student in ("ada", "bob", "cem") for number in ("05", "08")
    ]


def test_one_exercise_whatever_the_files_are_called(tmp_path: Path, course: Course) -> None:
    """With the exercise given, only another exercise's number stands against it."""
    root = lay(tmp_path, "ada/hw5.py", "bob/Untitled.ipynb", "dan/exercise_09.py", "cem hw.py")
    lay(tmp_path, "ada/helper.py", text="x = 1\n")
    found = placed(root, course, exercise="exercise_05_softmax")
    assert {entry.file for entry in found.entries} == {
        "ada/hw5.py",
        "bob/Untitled.ipynb",
        "cem hw.py",
    }
    assert "means exercise_09" in reasons(found)["dan/exercise_09.py"]


def test_a_class_that_collapses_into_one_student_is_doubted(tmp_path: Path, course: Course) -> None:
    """Files of many people under one name are a sentence, not one person's attempts."""
    root = lay(tmp_path, *[f"week/{n}/attempt/exercise_05.py" for n in range(1)])
    assert not placed(root, course).doubts
    lay(tmp_path, *[f"hand in/{name}.py" for name in ("5 a", "5 b", "5 c", "5 d", "5 e")])
    (doubt,) = placed(root / "hand in", course).doubts or placed(root, course).doubts
    assert "a class rather than a person" in doubt or "of one person" in doubt


def test_gradescopes_autograder_takes_the_answer(tmp_path: Path, course: Course) -> None:
    """Checkpoints and a Mac's litter do not win over the answer that was handed in."""
    root = lay(
        tmp_path,
        ".ipynb_checkpoints/exercise_05_softmax-checkpoint.ipynb",
        "__MACOSX/exercise_05_softmax.py",
        "work/exercise_05_softmax.py",
        "exercise_08_adam.PY",
    )
    found, _ = answers_of_one(
        open_handed_in(root), course, ["exercise_05_softmax", "exercise_08_adam"]
    )
    assert {name: each.item.path for name, each in found.items()} == {
        "exercise_05_softmax": "work/exercise_05_softmax.py",
        "exercise_08_adam": "exercise_08_adam.PY",
    }
    only, _ = answers_of_one(open_handed_in(root), course, ["exercise_09_cross_entropy"])
    assert not only
    lay(tmp_path / "one", "utils.py", text="x = 1\n")
    lay(tmp_path / "one", "hw.py")
    one, _ = answers_of_one(open_handed_in(tmp_path / "one"), course, ["exercise_05_softmax"])
    assert one["exercise_05_softmax"].item.path == "hw.py"
