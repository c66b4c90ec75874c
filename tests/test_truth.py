"""Declared truths: fixed cases first, drawn ones after, the same for a whole class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from toy_course import toy_course

from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.grading import Code, Mismatch, Truth, agree, assert_roughly
from gradekit.grading.cases import as_bytes, copy_from
from gradekit.grading.code import built
from gradekit.report import Report
from gradekit.submission import Submission

GRADER = '''
import numpy as np

from gradekit.grading import Code, Truth, check, expect, seeds_of


def by_hand(x, by=2.0):
    """Twice."""
    if by == 0.0:
        raise ValueError
    x *= by
    return x


SCALE = Truth("scale", by_hand, rtol=1e-12)
APPLY = Truth("apply", lambda f, x: f(x), rtol=1e-12)
DRAW = Truth("draw", lambda rng: rng.random(2), rtol=1e-12)


def some(rng):
    return (rng.normal(size=2),)


@check("scale", points=6, hint="?")
def test_scales_wrongly(submission):
    """It multiplies."""
    SCALE.assert_holds(submission, [(np.ones(2),), ((np.ones(2),), {"by": 3.0})], draw=some)


@check("scale", points=1, hint="?")
def test_writes_into_its_argument(submission):
    """The argument stays."""
    SCALE.assert_holds(submission, [(np.ones(2),)], unchanged=True)


@check("scale", points=1, hint="?")
def test_accepts_zero(submission):
    """Zero is no factor."""
    SCALE.assert_holds(submission, [(np.ones(2), 0.0)])


@check("apply", points=1, hint="?")
def test_does_not_apply(submission):
    """It calls."""
    APPLY.assert_holds(submission, [(Code("lambda x: x + 1.0"), 2.0)])
    expect(len(seeds_of(submission, 3)) == 3, "no")


@check("draw", points=1, hint="?")
def test_draws_from_elsewhere(submission):
    """It draws."""
    DRAW.assert_holds(submission, [(Code("np.random.default_rng(3)"),)])
'''
RIGHT = """
def scale(x, by=2.0):
    if by == 0:
        raise ValueError("no")
    return x * by

def apply(f, x):
    return f(x)

def draw(rng):
    return rng.random(2)
"""
REMEMBERS = """
import numpy as np

def scale(x, by=2.0):
    if by == 0:
        raise ValueError("no")
    return {2.0: np.array([2.0, 2.0]), 3.0: np.array([3.0, 3.0])}[by]
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return toy_course(tmp_path_factory.mktemp("course"), GRADER)


@pytest.fixture(scope="module")
def graded(toy: Course) -> Iterator[Any]:
    exercise = toy.find("toy")

    def grade(text: str, seed: int = 0) -> Report:
        with open_session(toy, exercise, seed=seed) as session:
            return session.grade(Submission("exercise_01_toy.py", (text,), ""))

    yield grade


def outcomes(report: Report) -> dict[str, str]:
    return {check.name: check.message for check in report.checks if check.outcome != "passed"}


def test_a_right_answer_holds_on_every_seed(graded: Any) -> None:
    """Values, errors, callables and generators agree, whatever is drawn."""
    for seed in (0, 1, 2):
        report = graded(RIGHT, seed)
        assert outcomes(report) == {}
        assert (report.score, report.seed) == (10, seed)


def test_an_answer_that_remembers_the_fixed_cases_fails_on_a_drawn_one(graded: Any) -> None:
    """It knows the fixed numbers; another seed draws other numbers."""
    messages = [outcomes(graded(REMEMBERS, seed))["test_scales_wrongly"] for seed in (1, 1, 2)]
    assert messages[0] == messages[1] != messages[2]
    assert "expected" in messages[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return x * by", "x *= by\n    return x", "it changed its argument in place"),
        ('raise ValueError("no")', "return x", "expected ValueError, but nothing was raised"),
        ('raise ValueError("no")', 'raise KeyError("no")', "KeyError"),
        ("return f(x)", "return f", "apply(lambda x: x + 1.0, 2"),
        ("return rng.random(2)", "return rng.random(2) + 1", "draw(np.random.default_rng(3))"),
    ],
)
def test_a_wrong_answer_is_told_what_was_seen(graded: Any, old: str, new: str, message: str):
    """Each kind of fault, and the call as code."""
    assert old in RIGHT
    assert any(message in told for told in outcomes(graded(RIGHT.replace(old, new))).values())


@pytest.mark.parametrize(
    ("actual", "expected", "problem"),
    [
        ((1, 2), [1, 2], "expected a list"),
        ([1, 2], (1, 2), None),
        ([1.0, 2], [1, 2], "in [0]: expected 1, got 1"),
        (True, 1, "expected 1, got True"),
        (np.int64(1), 1, None),
        (np.bool_(True), True, None),
        ({"a": 1}, {"a": 1, "b": 2}, "expected the keys"),
        ({"a": np.zeros(2)}, {"a": np.zeros(3)}, "in ['a']: expected shape (3,)"),
        ([1], [1, 2], "expected a list of 2, got 1"),
        (None, None, None),
        ("a", "b", "expected 'b', got 'a'"),
    ],
)
def test_parts_are_compared_each_in_its_way(actual: Any, expected: Any, problem: str | None):
    """Containers by their parts, numbers by their kind, and the place of a difference is told."""
    if problem is None:
        agree(actual, expected, rtol=1e-9, atol=0.0)
        return
    with pytest.raises(Mismatch) as caught:
        agree(actual, expected, rtol=1e-9, atol=0.0)
    assert problem in str(caught.value)


def test_code_is_built_anew_each_time() -> None:
    """What is shown is what is built, and nobody uses up another's numbers."""
    seed = Code("np.random.default_rng(3)")
    first, second = built([seed, (1, {"deep": seed})]), built(seed)
    assert first[0].random() == second.random() == first[1][1]["deep"].random()
    assert repr(seed) == "np.random.default_rng(3)"
    assert Code("[nn.Identity()]").build()[0](1) == 1


def test_a_function_that_keeps_nothing_is_made_once() -> None:
    """So its pickle is known; one with a default of its own could keep something, and is new."""
    assert Code("lambda x: x + 2").build() is Code("lambda x: x + 2").build()
    assert Code("lambda x, seen=[]: seen").build() is not Code("lambda x, seen=[]: seen").build()


def test_a_numpy_integer_is_roughly_an_int() -> None:
    """Where an int is expected a NumPy integer passes, and where a float is it does not."""
    assert_roughly(np.int64(3), 3)
    with pytest.raises(Mismatch):
        assert_roughly(np.int64(3), 3.0)
    with pytest.raises(Mismatch):
        assert_roughly(np.int64(0), 3)


@pytest.mark.parametrize(
    "source",
    [
        "torch.ones(2, 3)",
        "torch.tensor(1.5, dtype=torch.bfloat16, requires_grad=True)",
        "torch.arange(6).reshape(2, 3).bfloat16().T",
        "torch.ones(3).expand(2, 3)",
        "torch.tensor([1 + 2j]).conj()",
        "torch.nn.Parameter(torch.zeros(0, 2))",
        "torch.eye(2).to_sparse()",
    ],
)
def test_for_equal_tensors_a_truth_is_worked_out_once(source: str) -> None:
    """From a copy of the same type, kind and numbers, which it may change."""
    import torch

    seen: list[Any] = []
    truth = Truth("f", seen.append, rtol=0.0)
    values = [eval(source, {"torch": torch}) for _ in range(2)]
    for value in values:
        truth.value((value,), {})
    (copy,) = seen[:1] if value.is_sparse else seen  # torch's own pickle: worked out each time
    assert type(copy) is type(value)
    assert (copy.dtype, copy.requires_grad) == (value.dtype, value.requires_grad)
    assert torch.equal(copy.to_dense(), value.to_dense())
    copy.detach().to_dense().zero_()
    assert torch.equal(values[0].to_dense(), values[1].to_dense())


def test_tensors_of_another_type_are_another_case() -> None:
    """Also where their bytes are the same."""
    import torch

    alike = [torch.zeros(2, dtype=dtype) for dtype in (torch.bfloat16, torch.float16, torch.int16)]
    alike.append(torch.zeros(2, dtype=torch.float16, requires_grad=True))
    assert len({as_bytes(each) for each in alike}) == 4
    assert [copy_from(as_bytes(each)).dtype for each in alike] == [each.dtype for each in alike]
