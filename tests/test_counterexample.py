"""The smallest wrong input: true, small, pasteable, never graded, and equal for equal answers."""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradekit.course import Course
from gradekit.grading.call import Call
from gradekit.grading.concise import concise
from gradekit.grading.counterexample import (
    Found,
    key_of,
    without_middle,
)
from gradekit.grading.plainer import halves, regular, rounded
from gradekit.grading.session import Session
from gradekit.grading.shown import as_code, is_tensor, show_apart
from gradekit.practice.trial import parsed, script
from gradekit.submission import Submission, read
from gradekit.texts import example_text

ROOT = Path(__file__).resolve().parents[1]
WRONG = sorted((ROOT / "tests" / "bank" / "exercise_05_softmax" / "wrong").glob("*.py"))[::4]

sys.path.insert(0, str(ROOT / "benchmarks"))
from messages import MOST_LINES, MOST_NUMBERS, told  # noqa: E402


@pytest.fixture(scope="module")
def found_of(session_of: Callable[[str], Session]) -> Callable[[Path], Found | None]:
    session = session_of("softmax")

    def find(path: Path) -> Found | None:
        answer = read(path)
        lost = [check for check in session.grade(answer).failed if check.max_score]
        return session.counterexample(answer, lost[0])

    return find


def test_most_wrong_answers_are_shown_a_small_input(
    found_of: Callable[[Path], Found | None], session_of: Callable[[str], Session]
) -> None:
    """What is shown evaluates to what was called, and the answer is wrong there as is said."""
    found = {path: found_of(path) for path in WRONG}
    shown = {path: each for path, each in found.items() if each is not None}
    assert len(shown) >= 0.85 * len(WRONG)
    small = [each for each in shown.values() if _size(each.args) <= MOST_NUMBERS]
    assert len(small) >= 0.8 * len(shown)
    session = session_of("softmax")
    for path, each in shown.items():
        called: list[Any] = []

        def record(*args: Any, called: list[Any] = called, **keywords: Any) -> None:
            called.append((args, keywords))

        eval(each.call, {"np": np, "softmax": record, "log_softmax": record})
        assert key_of(*called[0]) == key_of(each.args, each.keywords), path.stem
        assert each.expected != each.got, path.stem
        again = session.counterexample(read(path), _first_lost(session, path))
        assert again is not None and again.call == each.call, path.stem


@pytest.mark.parametrize("name", ["02", "10", "26", "29"])
def test_what_is_shown_is_true_and_short(
    name: str, course: Course, session_of: Callable[[str], Session]
) -> None:
    """Each shown call, evaluated from its text, gives what is said; the script looks at all."""
    exercise = course.find(name)
    paths = sorted((course.bank / exercise.name / "wrong").glob("*.py"))[5::30]
    every = {path.stem: told(session_of(exercise.name), read(path)) for path in paths}
    found = {stem: each for stem, each in every.items() if each is not None}
    assert not {stem: each.untrue for stem, each in found.items() if each.untrue}
    assert not {stem: each.text for stem, each in found.items() if each.lines > MOST_LINES}
    assert any(each.numbers is not None for each in found.values())


def test_what_is_wrong_at_the_second_call_only_is_shown_with_the_first(
    session_of: Callable[[str], Session],
) -> None:
    """A single call would be no proof: it is right. The script for `kit try` makes both."""
    session = session_of("gradient_clipping")
    path = ROOT / "tests/bank/exercise_07_gradient_clipping/wrong/clip_running_norm.py"
    answer = read(path)
    report = session.explained(answer, session.grade(answer))
    check, example = next((c, c.counterexample) for c in report.checks if c.counterexample)
    assert example.before and example.after in example_text(example)
    _, args, keywords = parsed(example.call)
    assert session.departure(answer, check, args, keywords) is None
    first = parsed(example.before)
    fault = session.departure(answer, check, args, keywords, (first[1], first[2]))
    assert fault is not None and (fault.expected, fault.got) == (example.expected, example.got)
    exercise = session.exercise
    assert f"{example.before}\nprint({example.call})" in script(exercise, example, answer)


def test_a_small_input_is_judged_as_the_check_judges(session_of: Callable[[str], Session]) -> None:
    """An epsilon of 1e-8 is within the tolerance of the truth, not within that of the check."""
    session = session_of("convolution")
    path = ROOT / "tests/bank/exercise_04_convolution/wrong/adds_epsilon_to_the_sum.py"
    (example,) = [
        check.counterexample
        for check in session.explained(read(path), session.grade(read(path))).checks
        if check.counterexample
    ]
    assert example.expected == "[[0.5, 0.5]]" and "0.49999999" in example.got


def test_what_no_small_input_shows_is_looked_for_among_drawn_ones(
    session_of: Callable[[str], Session],
) -> None:
    """Numbers from 1e-5 to 1e198 in one array; in as few digits and rows as leave it wrong."""
    session = session_of("layer_normalization")
    path = ROOT / "tests/bank/exercise_23_layer_normalization/wrong/one_decision_for_all.py"
    report = session.explained(read(path), session.grade(read(path)))
    (example,) = [each.counterexample for each in report.checks if each.counterexample]
    assert re.search(r"[1-9]\.e[+]\d\d", example.call) and len(example.call) <= 228
    case = np.array([[0.123, 4.5], [1.0, 2.0], [3.0, 4.0]]), np.array([0.25, 0.75])
    assert rounded(case, 1)[0][0].tolist() == [0.1, 4.0]
    assert rounded(case, 1)[1].tolist() == [0.25, 0.75]  # shares
    assert rounded((0.999, 0.25, 1e6), 1) == (0.999, 0.2, 1e6)  # a rate of 0.999 is no rate of 1
    assert [[each.shape for each in smaller[0]] for smaller in halves((case[0], case[0].T))] == [
        [(2, 2), (2, 2)], [(3, 1), (1, 3)]]  # fmt: skip
    # Two columns of shares, and as many of what belongs to them: only rows are cut.
    assert [[each.shape for each in smaller[0]] for smaller in halves(case)] == [[(2, 2), (2,)]]


def test_a_simpler_case_for_which_the_contract_has_no_value_is_passed_over(
    session_of: Callable[[str], Session],
) -> None:
    """Adam's rates, of few digits, are 1: what comes out then nobody can say."""
    session = session_of("adam")
    path = ROOT / "tests/bank/exercise_08_adam/wrong/decay_correction_capped.py"
    report = session.explained(read(path), session.grade(read(path)))
    assert {check.function for check in report.failed if check.max_score} == {"adamw_step"}


def _first_lost(session: Session, path: Path) -> Any:
    return next(check for check in session.grade(read(path)).failed if check.max_score)


def _size(value: Any) -> int:
    return sum(np.size(part) for part in value)


def test_no_graded_input_is_shown(session_of: Callable[[str], Session]) -> None:
    """An answer that is wrong only on what is graded has no counterexample to show."""
    session = session_of("softmax")
    solution = read(ROOT / "solutions" / "exercise_05_softmax.py").cells[0]
    spoiled = f"""{solution}
right = softmax

def softmax(x, axis=-1):
    return right(x, axis) + (np.shape(x) == (4,) and float(np.ravel(x)[0]) == 0.5)
"""
    answer = Submission("exercise_05_softmax.py", (spoiled,), "")
    report = session.grade(answer)
    lost = [check for check in report.failed if check.max_score]
    assert [check.name for check in lost] == ["test_departs_from_exp_over_sum"]
    assert session.counterexample(answer, lost[0]) is None


def test_nothing_is_sought_where_an_answer_hangs_or_is_not_written(
    course: Course, session_of: Callable[[str], Session]
) -> None:
    """A stub has no wrong value, and what hangs would hang three hundred times."""
    session = session_of("softmax")
    stub = read(course.stub(course.find("softmax")))
    assert session.counterexample(stub, session.grade(stub).failed[-1]) is None


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.one_of(
            st.floats(), st.integers(), st.booleans(), st.none(), st.text(max_size=5),
            arrays.arrays(
                st.sampled_from([np.float64, np.float32, np.int8, np.int64, np.bool_, np.float16]),
                arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
            ),
        ),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.tuples(inner)),
        max_leaves=4,
    )
)  # fmt: skip
def test_code_builds_what_it_shows(value: Any) -> None:
    """Types, shapes and every bit of the numbers, nan and infinities included."""
    again = eval(as_code(value), {"np": np, "inf": np.inf, "nan": np.nan})
    assert _equal(again, value), as_code(value)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(right, list | tuple):
        return type(left) is type(right) and all(map(_equal, left, right))
    if isinstance(right, np.ndarray):
        same = left.dtype == right.dtype and left.shape == right.shape
        return bool(same and np.array_equal(left, right, equal_nan=right.dtype.kind == "f"))
    return type(left) is type(right) and (left == right or left != left)


@pytest.mark.parametrize(
    ("expected", "got", "shown"),
    [
        (0.25, 0.5, ("0.25", "0.5")),
        (1.0, 1.0 + 1e-9, ("1", "1.000000001")),
        (np.array([1.0]), np.array([1.0 + 2**-52]), None),
        (1, True, ("1", "True")),
    ],
)
def test_no_more_digits_than_tell_them_apart(expected: Any, got: Any, shown: Any) -> None:
    """Four digits where they suffice, seventeen where they have to."""
    left, right = show_apart(expected, got)
    assert left != right
    assert shown is None or (left, right) == shown


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([4, 1] + [0, 2] * 40, "[4, 1] + [0, 2] * 40"),
        ([0.0] * 65, "[0.0] * 65"),
        ([*range(3, 70)], "list(range(3, 70))"),
        (np.full(5000, 0.1, dtype=np.float32), None),
        (np.full((1, 2001), 127, dtype=np.int8), "np.full((1, 2001), 127, dtype=np.int8)"),
        (np.full(20, -np.inf), "np.full(20, -np.inf)"),
        (np.arange(24).reshape(2, 12), "np.arange(24).reshape(2, 12)"),
        (np.tile([1.5, np.nan], 20), "np.array([1.5, np.nan] * 20)"),
        (torch.zeros(3, 5), "torch.zeros((3, 5))"),
        (np.zeros((4, 4)), "np.zeros((4, 4))"),
        (np.full(13, -0.0), "np.full(13, -0.0)"),
        (np.resize([0.1, -2.0, 3.0], (5, 4)), "np.resize([0.1, -2.0, 3.0], (5, 4))"),
        (np.resize([2, 0, 1], 400), "np.array([2] + [0, 1, 2] * 133)"),
        (np.eye(4), "np.eye(4)"),
        (np.eye(3, 5, dtype=bool), "np.resize([True, False, False, False, False, False], (3, 5))"),
        (torch.tensor([0.1, 0.2] * 9), "torch.tensor(np.array([0.1, 0.2] * 9)).float()"),
        (torch.arange(20), "torch.tensor(np.arange(20))"),
        (torch.full((20,), torch.nan), "torch.full((20,), torch.nan)"),
        ([True] + [1] * 15, "[True] + [1] * 15"),
        (np.array([0.0, -0.0] * 7), "np.array([0.0, -0.0] * 7)"),
    ],
)
def test_what_has_to_be_long_is_shown_by_what_builds_it(value: Any, code: str | None) -> None:
    """Whole, to be pasted, and bit for bit the same; what is irregular has no short code."""
    short = concise(value)
    assert short and code in (None, short)
    again = eval(short, {"np": np, "torch": torch})
    is_same = again.equal(value) or value.isnan().all() if is_tensor(value) else False
    assert is_same if is_tensor(value) else _equal(again, value)
    assert short in str(Call("f", (value, 0.5), {}))
    say_little = np.zeros((2, 2)), np.ones((2, 2), dtype=bool), torch.zeros(4)
    assert all(map(concise, say_little)) and not concise(np.ones((2, 2)))
    assert not concise([0, 1] * 9 + [5]) and not concise(np.arange(20.0) ** 2)


def test_a_long_case_is_shown_with_regular_numbers(session_of: Callable[[str], Session]) -> None:
    """Cuts in silence show on long inputs only, which the checks draw or fix, and never show."""
    session = session_of("cross_entropy")
    for name, code in (
        ("first_64_classes", "np.full((1, 1052), "),
        ("logits_first_1000_samples", "np.resize([2.0, 0.5, -0.5], (1052, 2))"),
    ):
        path = ROOT / f"tests/bank/exercise_09_cross_entropy/wrong/{name}.py"
        message = told(session, read(path))
        assert message and message.is_whole and not message.untrue and code in message.text
        assert message.lines <= MOST_LINES


def test_regular_numbers_keep_what_the_numbers_are() -> None:
    """Shares add up to 1, indices are among those that were there, and masks are not mixed."""
    shares, classes = np.full((9, 2), [0.25, 0.75]), np.array([2, 0, 1] * 5)
    case = (shares, np.full((2, 9), 1 / 9), classes, np.arange(15) < 9, {"a": [torch.randn(3, 5)]})
    for (pairs, wide, indices, mask, parts), _ in regular((case, {})):
        assert (pairs == shares).all() and np.allclose(wide.sum(axis=1), 1.0)
        assert {*indices.tolist()} <= {0, 1, 2} and mask.all()
        assert parts["a"][0].shape == (3, 5) and concise(parts["a"][0])
        assert all(map(concise, (pairs, wide, indices, mask)))
    assert not [*regular(((np.arange(9.0), [1, 2]), {}))]  # nothing is long: it would be shown
    others = np.array([{}] * 20), np.array(["a"] * 20), np.ones(20, complex)
    odd = (torch.arange(20).bfloat16(), *others, np.arange(20.0))
    for (brain, *kept, _), _ in regular((odd, {})):
        assert brain.dtype == torch.bfloat16 and all(map(operator.is_, kept, others))


def test_a_page_shows_each_counterexample_once(session_of: Callable[[str], Session]) -> None:
    """Two causes of one function have the same smallest input: the second shows another one."""
    session = session_of("activations")
    path = ROOT / "tests/bank/exercise_13_activations/wrong/tanh_grad_of_sigmoid.py"
    report = session.explained(read(path), session.grade(read(path)), most=5)
    calls = [each.counterexample.call for each in report.checks if each.counterexample]
    assert len(calls) > 1 and len(set(calls)) == len(calls)


def test_a_long_exception_keeps_its_ends_and_fits_below_the_call() -> None:
    """The message takes five lines with it; what is short stays as it is."""
    said = (
        "ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc "
        "signature (n?,k),(k,m?)->(n?,m?) (size 2 is different from 3)"
    )
    for call, rows in (("f(np.zeros(3))", 2), ("f(" + "0, " * 40 + ")", 1)):
        told = without_middle(said, call)
        assert told.startswith("ValueError: matmul") and told.endswith("different from 3)")
        assert " ... " in told and len(f"got      {told}") <= 74 * rows
    assert without_middle("ValueError: too long", "f(1)") == "ValueError: too long"
    missing = "missing 1 required positional argument: 'b'"
    call = f"{'f' * 60}({'1' * 250})"
    assert without_middle(f"TypeError: {'f' * 60}() {missing}", call) == f"TypeError: {missing}"


def test_what_is_expected_of_equal_numbers_is_no_rounding_error(
    session_of: Callable[[str], Session],
) -> None:
    """The gradient of a column of equal numbers is 0, and not the 6e-6 that rounding leaves."""
    session = session_of("batch_normalization")
    path = ROOT / "tests/bank/exercise_22_batch_normalization/wrong/gradients_at_most_1e5.py"
    message = told(session, read(path))
    assert message and not re.search(r"expected .*e-", message.text)
