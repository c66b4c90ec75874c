"""The plain process that stands in for the zygote on macOS and Windows, tried here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.grading.session import Session
from gradekit.report import Report
from gradekit.sandbox.limits import Limits
from gradekit.submission import Submission, read

ROOT = Path(__file__).resolve().parents[1]
LOG = "import numpy as np\ndef log_softmax(x, axis=-1): return np.zeros(3)\n"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session whose workers are spawned, with little time for those that hang."""
    course = Course(ROOT)
    limits = Limits(check_seconds=0.3, submission_seconds=1.5, patience=8)
    exercise = msgspec.structs.replace(course.find("softmax"), limits=limits)
    with open_session(course, exercise, "process") as opened:
        zygote = opened._sandbox._zygote
        if zygote is not None:  # on Linux, where one would be used
            zygote.close()
            opened._sandbox._zygote = None
        yield opened


def grade(session: Session, source: str) -> Report:
    return session.grade(Submission("exercise_05_softmax.py", (source,), ""))


def test_solution_gets_full_marks(session: Session) -> None:
    """The same answer earns the same points without a zygote, and the report says how."""
    report = session.grade(read(ROOT / "solutions" / "exercise_05_softmax.py"))
    assert report.passed and report.isolation == "process"


@pytest.mark.parametrize(
    ("body", "ending"),
    [("import os; os._exit(0)", "crashed"), ("import os; os.abort()", "crashed"),
     ("while True: pass", "timed_out"), ("import time; time.sleep(99)", "timed_out")],
)  # fmt: skip
def test_endings_are_told_apart(session: Session, body: str, ending: str) -> None:
    """A crash and a hang are told as what they are, and cost their own function only."""
    report = grade(session, f"{LOG}def softmax(x, axis=-1):\n    {body}\n")
    endings = {check.ending for check in report.checks if check.function == "softmax"}
    assert endings == {ending} and not report.not_run


def test_check_warns_in_one_line(session_of: Callable[[str], Session]) -> None:
    """`kit check` without isolation prints one line of warning, on stderr."""
    solution = str(ROOT / "solutions" / "exercise_05_softmax.py")
    result = CliRunner().invoke(kit, ["check", "5", solution, "--isolation", "process"])
    assert result.exit_code == 0
    assert len(result.stderr.splitlines()) == 1 and "warning" in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has more to offer")
def test_sealed_tier_grades_without_opening_files(course: Course) -> None:
    """Without Landlock seccomp alone suffices: no file can be opened, and right stays right."""
    exercise = course.find("softmax")
    with open_session(course, exercise, "seccomp") as opened:
        assert opened.grade(read(course.solution(exercise))).passed
        peek = f"open({str(course.grader(exercise))!r}).read()\n"
        report = grade(opened, peek + LOG)
    assert report.score == 0 and "not permitted" in report.passed_over[0]
