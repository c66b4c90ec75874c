"""The parts of `kit watch` that need no terminal: keys, drawing, saves, and the desk."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue

import pytest
from rich.text import Text

from gradekit.practice.screen.desk import Desk, Verdict
from gradekit.practice.screen.saves import Saved, saves_into
from gradekit.practice.screen.terminal import Terminal, _names
from gradekit.submission import parse

ROOT = Path(__file__).resolve().parents[1]
RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_bytes()
PATIENCE_SECONDS = 60


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("n", ["n"]),
        ("N", ["n"]),
        ("05", ["0", "5"]),
        ("\x1b[A", ["up"]),
        ("\x1b[A\x1b[B", ["up", "down"]),
        ("\x1bOB", ["down"]),
        ("\x1b[6~", ["page down"]),
        ("\x1b", ["escape"]),
        ("\r", ["enter"]),
        ("\x1b[200~", []),
        ("\x1b[1;5Cq", ["q"]),
    ],
)
def test_keys_have_names_and_unknown_sequences_are_no_keys(typed, keys):
    """Arrows in both modes, keys typed quickly, and sequences that mean nothing here."""
    assert list(_names(typed)) == keys


def test_plain_mode_prints_only_what_changed(capsys):
    """The same screen twice is said once, without a code."""
    terminal = Terminal(plain=True)
    for text in ("one", "one", "two"):
        line = Text(text, style="bold red")
        terminal.draw(lambda out, line=line: out.print(line), lambda _: None)
    said = capsys.readouterr().out
    assert said.split() == ["one", "two"]
    assert "\x1b" not in said


def test_a_body_too_long_is_cut_and_says_so():
    """The keys below it always keep their place."""
    terminal = Terminal(plain=True)
    lines = [str(number) for number in range(30)]
    shown = terminal._cut(lines, 10)
    assert shown[:9] == lines[:9]
    assert "21 more lines: " in shown[9]
    terminal._scroll = 20
    assert "1 more line: " in terminal._cut(lines, 10)[9]
    terminal._scroll = 0
    assert terminal._cut(["short"], 3) == ["short", "", ""]


def test_saves_arrive_however_they_are_made(tmp_path):
    """Written, renamed over, or deleted: each is noticed."""
    inbox: SimpleQueue = SimpleQueue()
    answer = tmp_path / "answer.py"
    with saves_into(inbox, tmp_path):
        assert isinstance(inbox.get(timeout=PATIENCE_SECONDS), Saved)  # it has begun to look
        answer.write_text("1")
        assert isinstance(inbox.get(timeout=PATIENCE_SECONDS), Saved)
        (tmp_path / "beside").write_text("2")
        (tmp_path / "beside").rename(answer)
        assert isinstance(inbox.get(timeout=PATIENCE_SECONDS), Saved)
        answer.unlink()
        assert isinstance(inbox.get(timeout=PATIENCE_SECONDS), Saved)


def test_the_newest_answer_gets_the_verdict(course):
    """An endless loop that is being graded is left behind, and tells nothing any more."""
    inbox: SimpleQueue = SimpleQueue()
    desk = Desk(course, inbox)
    desk.open(course.find("softmax"))
    right = parse(Path("a.py"), RIGHT)
    desk.grade(right)
    assert inbox.get(timeout=PATIENCE_SECONDS).report.passed
    desk.grade(parse(Path("a.py"), b"while True:\n    pass\n"))
    newer = parse(Path("a.py"), RIGHT + b"\n")
    desk.grade(newer)
    verdict = inbox.get(timeout=PATIENCE_SECONDS)
    desk.close()
    assert isinstance(verdict, Verdict)
    assert verdict.sha256 == newer.sha256
    assert verdict.report.passed


def test_a_broken_grader_is_said_to_be_kits_own_problem(course, tmp_path):
    """A verdict without a report, and with a reason."""
    import shutil

    from gradekit.course import Course

    for part in ("exercises", "solutions", "graders"):
        shutil.copytree(course.root / part, tmp_path / part)
    exercise = course.find("softmax")
    (tmp_path / "graders" / exercise.file_name).write_text("import nothing_of_that_name\n")
    inbox: SimpleQueue = SimpleQueue()
    desk = Desk(Course(tmp_path), inbox)
    desk.open(exercise)
    desk.grade(parse(Path("a.py"), RIGHT))
    verdict = inbox.get(timeout=PATIENCE_SECONDS)
    desk.close()
    assert verdict.report is None
    assert verdict.problem
