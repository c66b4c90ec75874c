"""Every exercise has a picture, drawn in this process from what comes back and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.practice.pictures import PICTURES, studio
from gradekit.practice.pictures.picture import NotDrawable, numbers
from gradekit.submission import parse, read

ROOT = Path(__file__).resolve().parents[1]
NAMES = [exercise.name for exercise in Course(ROOT).exercises]


def test_every_exercise_has_a_picture_and_none_is_left_over(course):
    """The registry and the course name the same exercises."""
    assert set(PICTURES) == {exercise.slug for exercise in course.exercises}


@pytest.mark.parametrize("name", NAMES)
def test_the_model_answer_can_be_drawn(name, course, tmp_path):
    """It yields a PNG with something in it, on both sides."""
    exercise = course.find(name)
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
