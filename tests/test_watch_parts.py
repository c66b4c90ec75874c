"""The parts of `kit watch` that need no terminal: keys, drawing, saves, and the desk."""

from __future__ import annotations

import io
from pathlib import Path
from queue import SimpleQueue
from unittest.mock import MagicMock

import msgspec
import pytest
from rich.console import Console
from rich.text import Text

from gradekit.practice import folders
from gradekit.practice.screen.desk import Desk
from gradekit.practice.screen.events import Begun, Key, Saved, Verdict
from gradekit.practice.screen.paint import print_keys, progress_bar
from gradekit.practice.screen.saves import saves_into
from gradekit.practice.screen.terminal import Keys, Terminal
from gradekit.practice.watch import watch
from gradekit.practice.watch.task import Practice
from gradekit.submission import parse

ROOT = Path(__file__).resolve().parents[1]
RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_bytes()
ENDLESS = parse(Path("a.py"), b"while True:\n    pass\n")
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
        ("\x1b[F\x1b[1~", ["end", "home"]),
        ("\x1b", ["escape"]),
        ("\r", ["enter"]),
        ("\x1b[200~", []),
        ("\x1b[1;5Cq", ["q"]),
    ],
)
def test_keys_have_names_and_unknown_sequences_are_no_keys(typed, keys):
    """Arrows in both modes, keys typed quickly, and sequences that mean nothing here."""
    told: list[str] = []
    read = Keys(lambda key: told.append(key.name))
    read.feed(typed)
    read.end()
    assert told == keys
    told.clear()
    for character in typed:  # as a slow line brings them
        read.feed(character)
    read.end()
    assert told == keys


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


def test_whoever_has_scrolled_stays_there_until_something_else_is_shown(
    course, tmp_path, monkeypatch
):
    """A digit in the list or a count that goes on moves nothing; another view begins at its top."""
    monkeypatch.setattr(watch, "Desk", MagicMock())
    terminal, kept = Terminal(plain=True), []
    monkeypatch.setattr(terminal, "draw", lambda *_, keep_scroll: kept.append(keep_scroll))
    place, _ = folders.create(tmp_path, course)
    seen = watch.Watch(course, place, terminal, Practice(course, place, course.exercises[0]))
    for happened in (None, None, Key("l"), Key("3"), Key("enter"), Key("l"), Key("x")):
        seen._handle(happened)
    assert kept == [False, True, False, True, False, False, False]


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


def next_verdict(inbox: SimpleQueue) -> Verdict:
    """The next verdict; what only says that an answer runs is left out."""
    while isinstance(happened := inbox.get(timeout=PATIENCE_SECONDS), Begun):
        pass
    assert isinstance(happened, Verdict)
    return happened


def test_the_newest_answer_gets_the_verdict(course):
    """An endless loop that is being graded is left behind, and tells nothing any more."""
    inbox: SimpleQueue = SimpleQueue()
    desk = Desk(course, inbox)
    desk.open(course.find("softmax"))
    right = parse(Path("a.py"), RIGHT)
    desk.grade(right)
    assert next_verdict(inbox).report.passed
    desk.grade(ENDLESS)
    newer = parse(Path("a.py"), RIGHT + b"\n")
    desk.grade(newer)
    verdict = next_verdict(inbox)
    desk.close()
    assert verdict.sha256 == newer.sha256
    assert verdict.report.passed


@pytest.mark.parametrize("first_is_running", [True, False])
def test_three_quick_saves_end_with_the_verdict_of_the_last(course, first_is_running):
    """Both answers that wait set a timer; the second timer finds the session replaced."""
    inbox: SimpleQueue = SimpleQueue()
    desk = Desk(course, inbox)
    desk.open(course.find("softmax"))
    desk.grade(ENDLESS)
    if first_is_running:
        assert isinstance(inbox.get(timeout=PATIENCE_SECONDS), Begun)
    desk.grade(parse(Path("a.py"), b"while True: pass\n"))
    newest = parse(Path("a.py"), RIGHT + b"\n\n")
    desk.grade(newest)
    verdict = next_verdict(inbox)
    desk.close()
    assert verdict.sha256 == newest.sha256
    assert verdict.report.passed


def test_an_answer_after_a_broken_grader_is_graded(course, monkeypatch):
    """A session that failed of its own is replaced when the next answer comes."""
    from gradekit import engine
    from gradekit.errors import SandboxError

    def fails(*_: object, **__: object) -> None:
        raise SandboxError("no sandbox today")

    inbox: SimpleQueue = SimpleQueue()
    desk = Desk(course, inbox)
    works = engine.open_session
    monkeypatch.setattr(engine, "open_session", fails)
    desk.open(course.find("softmax"))
    assert "no sandbox today" in next_verdict(inbox).problem
    monkeypatch.setattr(engine, "open_session", works)
    desk.grade(parse(Path("a.py"), RIGHT))
    verdict = next_verdict(inbox)
    desk.close()
    assert verdict.report.passed


def test_after_two_time_outs_the_other_checks_of_a_function_are_not_tried(course):
    """Whoever waits at a terminal waits for two of them, and the other functions are graded."""
    from gradekit.engine import open_session

    exercise = course.find("softmax")
    fast = msgspec.structs.replace(exercise.limits, check_seconds=0.3)
    quick = msgspec.structs.replace(exercise, limits=fast)
    source = RIGHT + b"\ndef softmax(x, axis=-1):\n    while True:\n        pass\n"
    with open_session(course, quick) as session:
        report = session.grade(parse(Path("a.py"), source), timeouts=2)
    hung = [check for check in report.checks if check.function == "softmax"]
    tried = [check for check in hung if "not tried" not in check.message]
    assert len(tried) == 2 < len(hung)
    assert {check.ending for check in hung} == {"timed_out"}
    assert "not tried: 2 other checks of softmax ran out of time" in hung[-1].message
    assert all(check.outcome == "passed" for check in report.checks if check not in hung)


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
    verdict = next_verdict(inbox)
    desk.close()
    assert verdict.report is None
    assert verdict.problem


@pytest.mark.parametrize("colours", [True, False])
def test_a_bar_tells_without_colours_how_far_it_is(colours: bool) -> None:
    """What is left is another character, whether or not it has another colour."""
    out = Console(force_terminal=True, color_system="truecolor" if colours else None, width=80)
    assert progress_bar(out, 0.0, 10).plain == "─" * 10
    assert progress_bar(out, 0.5, 10).plain == "━" * 5 + "─" * 5
    assert progress_bar(out, 1.0, 10).plain == "━" * 10


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_a_key_and_its_word_stay_on_one_line(width: int) -> None:
    """Also where the line is too narrow for all of them."""
    keys = {"m": "model answer", "f": "follow-up questions", "a": "answers", "q": "quit"}
    text = io.StringIO()
    print_keys(Console(width=width, file=text), keys)
    lines = text.getvalue().splitlines()
    told = [told for line in lines for told in line.split("   ")]
    assert told == [f"{key} {does}" for key, does in keys.items()]
    assert max(map(len, lines)) <= width
