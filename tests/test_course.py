"""The course that comes with kit is complete, and found by any of its names."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gradekit.course import METADATA, Course, Exercise, root_of, usual_course
from gradekit.errors import KitError
from gradekit.report import Report

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = Course(ROOT).exercises
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


def functions(path: Path) -> dict[str, list[str]]:
    """The public functions of a file, each with its parameters and their defaults."""
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.name: [
            *(argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)),
            *(ast.unparse(default) for default in node.args.defaults),
        ]
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


@pytest.mark.parametrize(
    "name",
    ["5", "05", "softmax", "exercise_05", "exercise_5", "exercise_05_softmax",
     "05_softmax", "exercises/exercise_05_softmax.py", "Softmax", "exercise-05-softmax"],
)  # fmt: skip
def test_any_name_means_the_exercise(course: Course, name: str) -> None:
    """Every way to write an exercise's name finds it."""
    assert course.find(name).name == "exercise_05_softmax"


@pytest.mark.parametrize("name", ["softmx", "exercise_05_sofmax", "sotfmax"])
def test_misspelt_name_gets_the_nearest(course: Course, name: str) -> None:
    """A misspelt name is answered with the exercise that was probably meant."""
    with pytest.raises(KitError, match="Did you mean `exercise_05_softmax`"):
        course.find(name)


@pytest.mark.parametrize(
    ("part", "name"),
    [("clipping", "exercise_07_gradient_clipping"),
     ("cross-entropy from", "exercise_09_cross_entropy"),
     ("Softmax and its logarithm", "exercise_05_softmax"),
     ("Normalising a", "exercise_12_normalization")],
)  # fmt: skip
def test_part_of_a_slug_or_title_is_enough_if_it_is_unique(
    course: Course, part: str, name: str
) -> None:
    """What only one exercise is called, if only in part, means that exercise."""
    assert course.find(part).name == name


def test_part_that_several_share_is_answered_with_them(course: Course) -> None:
    """An ambiguous part finds nothing and names those that have it."""
    with pytest.raises(KitError, match=r"Did you mean .*`exercise_02_.*` or `exercise_07_"):
        course.find("gradient")


@pytest.mark.parametrize("number", ["0", "999", "exercise_999"])
def test_number_out_of_range_is_answered_with_the_range(course: Course, number: str) -> None:
    """No exercise is like a number: the message says which numbers there are."""
    last = course.exercises[-1].number
    with pytest.raises(KitError, match=rf"`. The numbers run from 01 to {last}\.\nRun"):
        course.find(number)


def test_unknown_name_says_where_to_look(course: Course) -> None:
    """A name that is near to nothing is answered with the command that lists them."""
    with pytest.raises(KitError, match="kit list"):
        course.find("cooking")


def test_missing_course_is_said(tmp_path: Path) -> None:
    """A folder without exercises is named, with what it lacks."""
    with pytest.raises(KitError, match=r"exercises\.toml"):
        Course(tmp_path)


def test_a_packed_course_is_to_be_unpacked(tmp_path: Path) -> None:
    """What `kit pack` wrote is a zip; the command that unpacks it is told."""
    packed = tmp_path / "handout.zip"
    packed.touch()
    with pytest.raises(KitError, match=r"zipfile -e .*handout\.zip handout`, and name `handout`"):
        root_of(str(packed))


def test_a_name_that_is_no_course_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a folder nor installed; and KIT_COURSE is named where it says so."""
    with pytest.raises(KitError, match="no folder `linguist` here, and no installed course is"):
        root_of("linguist")
    for name in ("linguist", "/nowhere/linguist"):
        monkeypatch.setenv("KIT_COURSE", name)
        with pytest.raises(KitError, match=r"linguist(.|\n)*\nThe environment variable KIT_COURSE"):
            usual_course()


def test_wrong_metadata_is_said(tmp_path: Path) -> None:
    """A mistake in exercises.toml is told with the file's name, not as a traceback."""
    (tmp_path / "exercises").mkdir()
    toml = tmp_path / "exercises" / "exercises.toml"
    toml.write_text('[[exercise]]\nname = "exercise_01_x"\ntitel = "typo"\n')
    with pytest.raises(KitError, match=r"exercises\.toml cannot be used: .*titel"):
        Course(tmp_path)


@each_exercise
def test_stub_and_solution_offer_the_same_functions(course: Course, exercise: Exercise) -> None:
    """A stub asks for exactly the functions, parameters and defaults that its solution has."""
    stub, solution = functions(course.stub(exercise)), functions(course.solution(exercise))
    assert stub
    assert {name: solution.get(name) for name in stub} == stub  # helpers besides are fine


@each_exercise
@pytest.mark.parametrize(
    "body",
    ["return None", "return []", "raise ValueError('junk')"],
    ids=["none", "empty_list", "value_error"],
)
def test_junk_earns_nothing(
    course: Course,
    exercise: Exercise,
    grade_text: Callable[[str, str | bytes], Report],
    body: str,
) -> None:
    """Nobody earns a point by leaving no trace, or by raising wherever an error is due."""
    names = functions(course.stub(exercise))
    text = "\n\n".join(f"def {name}(*args, **kwargs):\n    {body}" for name in names)
    report = grade_text(exercise.name, text)
    assert not report.not_run
    assert [check.name for check in report.checks if check.score] == []


@each_exercise
def test_every_function_is_explained_with_an_example(course: Course, exercise: Exercise) -> None:
    """A stub's functions each have a docstring, a doctest example and a TODO; a story opens it."""
    text = course.stub(exercise).read_text("utf-8")
    tree = ast.parse(text)
    assert f"Exercise {exercise.number}" in (ast.get_docstring(tree) or "")
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    to_do = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]  # methods too
    assert text.count("# TODO") == len(to_do)
    for node in nodes:
        assert ">>>" in (ast.get_docstring(node) or ""), node.name
    # Graders try both types, so a stub that takes tensors says so.
    assert exercise.library != "torch" or "float64" in text or "(N, n_features)" in text


@each_exercise
def test_metadata_is_complete(exercise: Exercise) -> None:
    """Title, topics, minutes, three hints and two follow-up questions are there."""
    assert exercise.title and exercise.topics
    assert 5 <= exercise.minutes <= 60
    assert all(10 < len(hint.split()) <= 70 for hint in exercise.hints)
    assert len(exercise.followups) == 2


@each_exercise
def test_solution_opens_with_the_spoken_answer(course: Course, exercise: Exercise) -> None:
    """A solution's docstring is an answer to say aloud: some paragraphs, not a line."""
    tree = ast.parse(course.solution(exercise).read_text("utf-8"))
    assert len(inspect.cleandoc(ast.get_docstring(tree) or "").split()) >= 120


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("minutes = 5", "`exercise_01_toy`: `minutes`: expected a whole number, got a text"),
        ('name = "exercise_01_toy"', "a name looks like `exercise_07_layer_norm`"),
    ],
)
def test_wrong_metadata_is_told_by_the_name_of_its_exercise(
    line: str, words: str, tmp_path: Path
) -> None:
    """A field that does not fit is said with the exercise that it belongs to."""
    good = (
        '[[exercise]]\nname = "exercise_01_toy"\ntitle = "Toy"\nlibrary = "numpy"\n'
        'topics = ["toys"]\ndifficulty = 1\nminutes = 5\nhints = ["one", "two", "three"]\n'
    )
    (tmp_path / "exercises").mkdir()
    field = line.split()[0]
    broken = good.replace(line, f'{field} = "first toy"')
    (tmp_path / "exercises" / "exercises.toml").write_text(broken)
    with pytest.raises(KitError, match=re.escape(words)):
        Course(tmp_path)


def test_parts_hold_every_exercise_once_and_prerequisites_lead_to_them(course) -> None:
    """An exercise's path ends with it and begins with what needs nothing before it."""
    parts = [course.in_part(number) for number in range(1, len(course.parts) + 1)]
    assert [each for part in parts for each in part] == course.exercises
    path = [each.slug for each in course.path_to(course.find("safe_training_step"))]
    assert path[-1] == "safe_training_step"
    assert path.index("gradient_descent") < path.index("training_loop")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("part = 1\n", "part = 9\n", "there is no part 9"),
        ('prerequisites = ["softmax"]', 'prerequisites = ["softmux"]', "no exercise `softmux`"),
        ('prerequisites = ["softmax"]', 'prerequisites = ["cross_entropy"]', "in a circle"),
    ],
)
def test_wrong_parts_and_prerequisites_are_one_sentence(
    course, tmp_path, old: str, new: str, problem: str
) -> None:
    """The file and what is wrong with it."""
    text = (course.root / "exercises" / METADATA).read_text("utf-8")
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / METADATA).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KitError, match=rf"exercises.toml cannot be used: .*{problem}"):
        Course(tmp_path)
