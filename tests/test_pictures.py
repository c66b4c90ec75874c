"""Every exercise has a picture, drawn in this process from what comes back and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import numpy as np
import pytest

from gradekit.course import Course
from gradekit.engine import Sandboxes
from gradekit.errors import GraderError, KitError
from gradekit.pictures import studio
from gradekit.pictures.drawings import picture_of
from gradekit.pictures.picture import NotDrawable, numbers
from gradekit.submission import parse, read

ROOT = Path(__file__).resolve().parents[1]
COURSE = Course(ROOT)
NAMES = [e.name for e in COURSE.exercises if COURSE.picture(e).is_file()]


@pytest.fixture(scope="module", autouse=True)
def shared_sandboxes() -> Iterator[None]:
    """One sandbox for all exercises that ask for the same; each answer has a worker of its own.

    Importing torch takes longer than drawing the picture.
    """
    with closing(Sandboxes()) as shared, pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio, "sandbox_of", lambda *which: nullcontext(shared.of(*which)))
        yield


def test_every_exercise_has_a_picture_and_none_is_left_over(course):
    """A drawing for each exercise, under its name."""
    drawings = {path.name for path in (ROOT / "pictures").glob("*.py")}
    assert drawings == {exercise.file_name for exercise in course.exercises}


def test_another_course_s_exercise_does_not_get_our_picture(course, tmp_path):
    """A picture belongs to its course: the same name elsewhere has its own, or none."""
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    other = Course(tmp_path)
    softmax = other.find("softmax")
    with pytest.raises(KitError, match="no picture"):
        picture_of(other, softmax)
    other.picture(softmax).parent.mkdir()
    other.picture(softmax).write_text(
        "from gradekit.pictures import Picture\n\n\nclass Mine(Picture):\n    title = 'mine'\n"
    )
    assert picture_of(other, softmax).title == "mine"
    assert picture_of(course, course.find("softmax")).title != "mine"


@pytest.mark.parametrize("source", ["1 / 0", "", "class A(Picture): pass\nclass B(Picture): pass"])
def test_a_broken_drawing_is_nobody_s_fault_but_the_course_s(source, tmp_path):
    """It ends as our own failure, which names the file; the answer is not blamed."""
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    other = Course(tmp_path)
    softmax = other.find("softmax")
    other.picture(softmax).parent.mkdir()
    other.picture(softmax).write_text(f"from gradekit.pictures import Picture\n{source}\n")
    with pytest.raises(GraderError, match=r"exercise_05_softmax\.py"):
        picture_of(other, softmax)


@pytest.mark.parametrize("name", NAMES)
def test_the_model_answer_can_be_drawn(name, course, tmp_path, monkeypatch):
    """It yields a PNG with something in it, on both sides; both show what one answer computes."""
    exercise = course.find(name)
    collected, made = studio._collected, []

    def once(*which):
        made.extend([] if made else [collected(*which)])
        return made[0]

    monkeypatch.setattr(studio, "_collected", once)
    target = tmp_path / "pictures" / "it.png"
    assert studio.save(course, exercise, read(course.solution(exercise)), target) == ""
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["softmax", "convolution", "training_loop"])
def test_a_stub_leaves_its_side_empty_and_says_why(name, course, tmp_path):
    """What is not written yet cannot be drawn; the other side still is."""
    exercise = course.find(name)
    target = tmp_path / "it.svg"
    problem = studio.save(course, exercise, read(course.stub(exercise)), target)
    assert problem == "not written yet"
    assert b"<svg" in target.read_bytes()


@pytest.mark.parametrize(
    "body",
    [
        "return None",
        "return 'text'",
        "return [[1, 2], [3]]",
        "return x.tolist() * 100_000",
        "return float('nan') * x",
        "return 1e308 * x",
        "raise KeyError('$x_{')",
        "raise type('Odd', (Exception,), {})('\\x1b[2J')",
        "import os; os._exit(0)",
        "import matplotlib.pyplot as plt; return plt.figure()",
        "return object()",
    ],
)
def test_no_answer_breaks_its_picture(body, course, tmp_path):
    """Wrong kinds, wrong sizes, odd errors and a dead process end as a sentence at most."""
    exercise = course.find("softmax")
    source = f"import numpy as np\ndef softmax(x, axis=-1):\n    {body}\n"
    answer = parse(Path("answer.py"), source.encode())
    target = tmp_path / "it.png"
    problem = studio.save(course, exercise, answer, target)
    assert target.read_bytes().startswith(b"\x89PNG")
    assert "\x1b" not in problem
    assert "Traceback" not in problem


def test_a_course_without_pictures_says_so(course, tmp_path):
    """An exercise of another course is a KitError that names it."""
    import msgspec

    other = msgspec.structs.replace(course.find("softmax"), name="exercise_77_other")
    with pytest.raises(KitError, match="no picture for `exercise_77_other`"):
        studio.save(
            course, other, read(course.solution(course.find("softmax"))), tmp_path / "a.png"
        )


def test_numbers_says_what_it_wanted():
    """The shape that came is named beside the one that should have come."""
    assert numbers("it", [[1, 2]], (-1, 2)).shape == (1, 2)
    with pytest.raises(NotDrawable, match=r"it should have shape \(3,\), got \(2,\)"):
        numbers("it", [1, 2], (3,))


def test_attention_is_drawn_with_the_answer_s_own_mask(course):
    """A mask that is upside down shows as it is, not as it should be."""

    class Answer:
        @staticmethod
        def causal_mask(length):
            return np.triu(np.ones((length, length), dtype=bool))

        @staticmethod
        def scaled_dot_product_attention(Q, K, V, mask):
            return None, np.zeros((8, 8)) if mask is None else mask / 8

    _, masked = picture_of(course, course.find("attention")).collect(Answer)
    assert masked[0].all() and not masked[-1, 0]
