"""A fault of the course or of kit ends every command with exit code 3, and blames nobody."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.authoring.new import begin
from gradekit.commands import kit
from gradekit.course import Course

NAME = "exercise_01_toy"
BROKEN = "raise RuntimeError('broken')\n"


@pytest.fixture(scope="module")
def broken_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one exercise, whose grader and drawing cannot be loaded."""
    root = tmp_path_factory.mktemp("course")
    begin(root, "toy", "numpy", None)
    with (root / "graders" / f"{NAME}.py").open("a", encoding="utf-8") as grader:
        grader.write(BROKEN)
    (root / "pictures").mkdir()
    (root / "pictures" / f"{NAME}.py").write_text(BROKEN, "utf-8")
    return root


COMMANDS = {
    "check": ["check", "toy", "ANSWER"],
    "explain": ["explain", "toy", "ANSWER"],
    "picture": ["picture", "toy", "ANSWER"],
    "nbgrader": ["export", "nbgrader", "OUT", "toy"],
    "junit": ["export", "junit", "toy", "ANSWER", "--out", "OUT"],
    "grade": ["grade", "CLASS", "--out", "OUT"],
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_broken_course_is_no_fault_of_the_answer(
    words: list[str], broken_course: Path, tmp_path: Path
) -> None:
    """Exit code 3, one sentence with the file, no traceback."""
    answer = tmp_path / "class" / "ada" / f"{NAME}.py"
    answer.parent.mkdir(parents=True)
    answer.write_bytes((broken_course / "solutions" / f"{NAME}.py").read_bytes())
    places = {"ANSWER": answer, "OUT": tmp_path / "out", "CLASS": tmp_path / "class"}
    line = ["--course", str(broken_course), *(str(places.get(word, word)) for word in words)]
    result = CliRunner().invoke(kit, line)
    assert result.exit_code == 3, result.output
    assert f"{NAME}.py" in result.output and "broken" in result.output
    assert "Traceback" not in result.output


def test_a_fault_of_kit_is_no_missing_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An error that nobody thought of: exit code 3, and not the 1 of an answer with faults."""

    def breaks(self: Course, name: str) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(Course, "find", breaks)
    result = CliRunner().invoke(kit, ["check", "softmax", str(tmp_path / "answer.py")])
    assert result.exit_code == 3
    assert "ZeroDivisionError: of ours" in result.output and "nothing counts" in result.output


def test_marks_have_stand_ins_where_they_cannot_be_printed(tmp_path: Path) -> None:
    """A failed check is told from a passed one on a terminal of another encoding, too."""
    answer = tmp_path / "exercise_05_softmax.py"
    answer.write_text("def softmax(x, axis=-1):\n    return x\n")
    runner = CliRunner(charset="ascii")
    result = runner.invoke(kit, ["check", "softmax", str(answer)])
    assert result.exit_code == 1
    assert "\nx A few small scores" in result.output and "Traceback" not in result.output


@pytest.mark.parametrize("words", [["check", "softmax", "LINK"], ["--course", "LINK", "list"]])
def test_a_link_to_itself(words: list[str], tmp_path: Path) -> None:
    """Exit code 2 and a sentence that names it."""
    link = tmp_path / "answer.py"
    link.symlink_to(link)
    result = CliRunner().invoke(kit, [str(link) if word == "LINK" else word for word in words])
    assert result.exit_code == 2
    assert "answer.py" in result.output and "Traceback" not in result.output


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 and a sentence from every command, where no path can be told."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = CliRunner().invoke(kit, ["list"])
    assert result.exit_code == 2 and "is not there any more" in result.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a file that is full")
@pytest.mark.parametrize("words", [["list"], ["--version"]])
def test_no_room_for_what_is_printed(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a sentence: a full disk is no fault of kit."""
    with open(os.open("/dev/full", os.O_WRONLY), "w", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as end:
            kit(words)
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "kit: Nothing more can be printed: No space left on device.\n"
    )


def test_ctrl_c_is_no_missing_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exit code 130, also where a class has nothing yet that could be written."""

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "exercise_05_softmax.py").write_text("x = 1\n")
    monkeypatch.setattr("gradekit.batch.classroom.Classroom.grade", stops)
    words = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(kit, words)
    assert result.exit_code == 130 and "Stopped with 1 answer to go" in result.output
    assert "cannot be written" not in result.output and not (tmp_path / "out").exists()
    monkeypatch.setattr(Course, "find", stops)
    assert CliRunner().invoke(kit, ["hint", "softmax"]).exit_code == 130
