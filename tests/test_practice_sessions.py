"""What drills and interviews draw, and how an interview keeps its state."""

from __future__ import annotations

import io
import random
import time
import types
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from rich.console import Console

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.practice import folders
from gradekit.practice.drill import drill
from gradekit.practice.drill.screen import Drills
from gradekit.practice.events import PROGRESS, Event
from gradekit.practice.interview import interview
from gradekit.practice.screen.events import Explained, Key, Verdict
from gradekit.practice.screen.terminal import Terminal
from gradekit.practice.workspace import Workspace
from gradekit.report import Check, Counterexample, Report


@pytest.fixture
def place(tmp_path: Path, course: Course) -> Workspace:
    return folders.create(tmp_path, course)[0]


def draw(place: Workspace, count: int = 4, minutes: float = 90, topic: str | None = None):
    return interview.draw(place, count, minutes, topic, random.Random(1))


def test_an_interview_draws_what_was_not_done_lately(place, course):
    """Exercises of the last two weeks come only when there are no others."""
    lately = course.exercises[: len(course.exercises) - 4]
    for exercise in lately:
        place.record("opened", exercise)
    drawn = {question.exercise for question in draw(place, minutes=1000).questions}
    assert drawn == {exercise.name for exercise in course.exercises[-4:]}


def test_an_interview_fits_into_its_minutes_as_far_as_it_can(place, course):
    """The questions differ, and together they plan for no more than the time there is."""
    names = [question.exercise for question in draw(place, 4, 120).questions]
    assert len(set(names)) == 4
    assert sum(course.find(name).minutes for name in names) <= 120
    assert len(draw(place, 4, 1).questions) == 4


def test_a_topic_nobody_has_is_a_sentence_with_the_topics(place):
    """The message lists what can be asked for."""
    with pytest.raises(KitError, match=r"No exercise is about `cooking`.*probability"):
        draw(place, topic="cooking")
    names = [question.exercise for question in draw(place, 1, topic="convolution").questions]
    assert names == ["exercise_04_convolution"]


def test_an_interview_survives_a_stop_of_the_machine(place):
    """State is replaced as a whole; rubbish in its place means that there is none."""
    sitting = draw(place, 2)
    interview.begin(place, sitting)
    sitting.questions[1].seconds = 17.5
    sitting.current = 1
    interview.save(place, sitting)
    assert interview.resume(place) == sitting
    state = interview.folder_of(place) / interview.STATE
    for rubbish in (b"", b'{"minutes": 4', b'{"minutes": 4, "questions": []}', b"\xff"):
        state.write_bytes(rubbish)
        assert interview.resume(place) is None


def test_an_interview_starts_from_blank_and_leaves_ones_own_answers_alone(place, course):
    """The files are stubs in a folder of their own."""
    own = place.answer(course.find("convolution"))
    own.write_text("mine", "utf-8")
    sitting = draw(place, 1, topic="convolution")
    interview.begin(place, sitting)
    blank = interview.file_of(place, sitting.questions[0])
    assert blank.read_bytes() == course.stub(course.find("convolution")).read_bytes()
    assert own.read_text("utf-8") == "mine"


def test_an_interview_of_exercises_that_are_gone_is_not_resumed(place):
    """The course may have changed in the meantime."""
    sitting = draw(place, 1)
    interview.begin(place, sitting)
    sitting.questions[0].exercise = "exercise_99_gone"
    interview.save(place, sitting)
    assert interview.resume(place) is None


@pytest.mark.parametrize("number", range(len(Course(Path(__file__).parents[1]).exercises)))
def test_every_drill_has_four_different_choices_and_code_that_parses(place, course, number):
    """For every wrong answer of the bank; the first line with the solution is not shown."""
    exercise = course.exercises[number]
    wrong = drill.wrong_answers(course, exercise)
    drills = drill.draw(place, [exercise], len(wrong), random.Random(0))
    assert len(drills) == len(wrong) >= 15
    for each in drills:
        assert len(set(each.choices)) == drill.CHOICES
        assert each.choices[each.right] == each.wrong.mistake
        assert "# wrong:" not in each.code
        assert f"def {each.wrong.function}" in each.code or "\n" in each.code
        compile(each.code, "drill", "exec")


def test_drills_that_are_due_come_first_then_new_ones(place, course):
    """A mistake that was missed a while ago is asked again before any new one."""
    exercise = course.find("softmax")
    missed = drill.wrong_answers(course, exercise)[3]
    event = Event(
        time.time() - 100 * 86400, "drilled", exercise.name, mistake=missed.path.stem, rating=1
    )
    import msgspec

    (place.folder / PROGRESS).write_bytes(msgspec.json.encode(event) + b"\n")
    first, second = drill.draw(place, [exercise], 2, random.Random(0))
    assert first.wrong == missed
    assert second.wrong != missed


def test_a_drill_shows_the_constant_in_which_the_mistake_stands(tmp_path, course):
    """Names at the top of the file, and classes with their decorators, belong to the function."""
    file = tmp_path / "wrong.py"
    file.write_text(
        "# wrong: softmax: too small\nimport numpy as np\nEPS = 1e-3\nUNUSED = 1\n"
        "def softmax(x):\n    return x / (x.sum() + EPS)\n"
    )
    wrong = drill.Wrong(course.find("softmax"), file, "softmax", "too small")
    assert drill.code_of(wrong) == "EPS = 1e-3\n\ndef softmax(x):\n    return x / (x.sum() + EPS)"


def test_a_habitual_enter_does_not_hide_the_input(place, course, monkeypatch):
    """Enter right after the number belongs to the number; later it moves on, as `n` does."""
    wrong = drill.wrong_answers(course, course.find("softmax"))[:2]
    drills = [drill.Drill(each, "code", [each.mistake, "another"]) for each in wrong]
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    terminal = Terminal(plain=True, needs_keys=False)
    for key in ("1", "enter", "later", "enter", "2", "enter", "q"):
        terminal.inbox.put(Key(key))
    seen = []

    def draw(body, footer):
        seen.append((series._number, series._chosen))
        now[0] += 5.0 if len(seen) == 4 else 0.1  # after the key that means nothing

    series = Drills(place, terminal, drills)
    monkeypatch.setattr(terminal, "draw", draw)
    monkeypatch.setattr(series, "_desk", types.SimpleNamespace(
        open=lambda _: None, grade=lambda _: None, close=lambda: None))  # fmt: skip
    series.run()
    assert seen == [(0, None), (0, 0), (0, 0), (0, 0), (1, None), (1, 1), (1, 1)]


def test_a_drill_shows_the_smallest_input_once_it_is_found(place, course, monkeypatch):
    """First the failed check, whose arrays may be left out; then a call that can be pasted."""
    wrong = drill.wrong_answers(course, course.find("softmax"))[0]
    told = {"name": "test_a", "function": wrong.function, "title": "A holds.", "outcome": "failed"}
    check = Check(**told, score=0.0, max_score=1.0, message="softmax(<array (9, 9)>): no")
    report = Report(
        exercise=wrong.exercise.name, score=0.0, max_score=1.0, isolation="process", seconds=0.0,
        submission_sha256="", grader_sha256="", checks=(check,),
    )  # fmt: skip
    example = Counterexample(call="softmax([7, 8])", expected="[0.3, 0.7]", got="[7, 8]")
    terminal, screens = Terminal(plain=True, needs_keys=False), []
    series = Drills(place, terminal, [drill.Drill(wrong, "code", [wrong.mistake, "another"])])
    monkeypatch.setattr(series, "_desk", MagicMock())
    monkeypatch.setattr(terminal, "draw", lambda _, footer: screens.append(painted(footer)))
    for happened in (
        Key("2"), Verdict(wrong.exercise, "abc", report),
        Explained("another", report),
        Explained("abc", report.with_counterexample("test_a", example)), Key("q"),
    ):  # fmt: skip
        terminal.inbox.put(happened)
    series.run()
    assert "looking for an input" in screens[1]
    assert "<array (9, 9)>" in screens[2] and "<array (9, 9)>" in screens[3]
    assert "softmax([7, 8])" in screens[4] and "<array" not in screens[4]


def painted(paint) -> str:
    text = io.StringIO()
    paint(Console(width=60, file=text))
    return text.getvalue()
