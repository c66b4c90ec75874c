"""Answers that write to arguments, share their memory, or depend on how arrays lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from toy_course import toy_course

from gradekit.engine import open_session
from gradekit.submission import Submission

GRADER = '''
import numpy as np

from gradekit.grading import Truth, assert_no_traces, check

DOUBLE = Truth("double", lambda grads: [2.0 * each for each in grads], rtol=1e-12)
CASES = [([np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])],),
         ([np.array([[0.5, 2.0, -3.0], [4.0, 1.0, 6.0]])],)]


def some(rng):
    return ([rng.normal(size=(2, 2))],)


@check("double", points=5, hint="?")
def test_leaves_traces(submission):
    """Nothing is left behind."""
    assert_no_traces(submission, DOUBLE, CASES, draw=some, new=True)


@check("double", points=5, hint="?")
def test_is_far_off(submission):
    """Nothing is left behind, and values are right to a tenth."""
    assert_no_traces(submission, DOUBLE, CASES, draw=some, rtol=0.1)
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What the two checks say of an answer, by their names."""
    root = tmp_path_factory.mktemp("course")
    course = toy_course(root, GRADER)
    with open_session(course, course.find("toy")) as session:

        def grade(body: str) -> dict[str, str]:
            text = f"import numpy as np\n\n\ndef double(grads):\n    {body}\n"
            report = session.grade(Submission("exercise_01_toy.py", (text,), ""))
            return {each.name: each.message for each in report.checks if each.outcome != "passed"}

        yield grade


def test_a_right_answer_leaves_none(told: Any) -> None:
    assert told("return [np.add(each, each) for each in grads]") == {}


def test_a_wrong_value_is_not_a_trace(told: Any) -> None:
    """What is off by a third fails where values are judged only."""
    failed = told("return [1.5 * each for each in grads]")
    assert [*failed] == ["test_is_far_off"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[np.multiply(each, 2.0, out=each) for each in grads]; return grads", "in place"),
        ("return [2.0 * each.ravel(order='K').reshape(each.shape) for each in grads]",
         "with Fortran-ordered arrays: it gives something else than for plain arrays"),
        ("return [each if each.flags.writeable else each[:] for each in grads]",
         "shares its memory with an argument"),
    ],
)  # fmt: skip
def test_each_trace_is_found(told: Any, body: str, message: str) -> None:
    """Also in arrays within a list."""
    assert message in told(body)["test_leaves_traces"]
