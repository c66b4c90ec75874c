"""docs/template: the files of a repository with a course, which its own workflow proves."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.authoring.verify import prove
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.errors import GraderError
from gradekit.pictures import studio
from gradekit.submission import read

DRAWING = """
from gradekit.pictures import Picture, numbers


class Mean(Picture):
    title = "The mean"

    def collect(self, answer):
        moments = answer.RunningMoments()
        moments.update([[1, 2], [3, 4]])
        return numbers("the mean", moments.mean, (2,))

    def draw(self, axes, values):
        axes[0].plot(values)
"""
TEMPLATE = Path(__file__).resolve().parents[1] / "docs" / "template"


def test_its_exercise_is_proven(tmp_path: Path) -> None:
    """A class, with data, through handles: every check is needed, every mistake is named."""
    root = tmp_path / "course"
    shutil.copytree(TEMPLATE, root)
    (exercise,) = Course(root).exercises
    proof = prove(root, exercise.name, with_mutants=False, update=False)
    assert proof.problems == []
    assert proof.named == proof.wrong >= 5 and proof.right >= 2


def test_messages_name_what_was_looked_at() -> None:
    """A value that is wrong is that of an attribute, and not what the call before it returned."""
    course = Course(TEMPLATE)
    (exercise,) = course.exercises
    wrong = course.bank / exercise.name / "wrong"
    with open_session(course, exercise) as session:
        squares = session.grade(read(wrong / "difference_of_squares.py"))
        nothing = session.grade(read(wrong / "mean_of_nothing.py"))
        shared = session.grade(read(wrong / "shared_rows.py"))
    (message,) = [check.message for check in squares.failed]
    told = "running_moments.variance, after 3 calls, the last of them running_moments.update([["
    assert message.startswith(told)
    (message,) = [check.message for check in nothing.failed]
    wanted = "expected ValueError, but nothing was raised"
    assert message == f"running_moments.mean, after RunningMoments(): {wanted}"
    told = "running_moments.mean, after 3 calls, the last of them running_moments.update([[1., 0., "
    assert any(check.message.startswith(told) for check in shared.failed)


@pytest.mark.parametrize("fits", [True, False])
def test_a_drawing_may_hold_objects(tmp_path: Path, *, fits: bool) -> None:
    """As its checks do, by `live = true`; a drawing that fails the solution is itself at fault."""
    root = tmp_path / "course"
    shutil.copytree(TEMPLATE, root)
    course = Course(root)
    (exercise,) = course.exercises
    course.picture(exercise).parent.mkdir()
    course.picture(exercise).write_text(DRAWING if fits else DRAWING.replace("(2,)", "(3,)"))
    drawn = partial(studio.save, course, exercise, read(course.solution(exercise)))
    if fits:
        assert drawn(tmp_path / "it.svg") == ""
    else:
        with pytest.raises(GraderError, match=r"the mean should have shape \(3,\), got \(2,\)"):
            drawn(tmp_path / "it.svg")


def test_its_workflow_runs_commands_that_there_are(tmp_path: Path) -> None:
    """Each `kit` of the workflow is a command of today, and what it packs is there to upload."""
    text = (TEMPLATE / ".github/workflows/verify.yml").read_text()
    lines = re.findall(r"run: kit --course \. (.*)", text)
    assert [line.split()[0] for line in lines] == ["doctor", "verify", "pack"]
    *options, target = lines[2].split()
    made = tmp_path / target
    result = CliRunner().invoke(kit, ["--course", str(TEMPLATE), *options, str(made)])
    assert result.exit_code == 0 and made.is_file()
    assert f"path: {target}" in text
