"""Exact comparison of plain values: what counts as equal, and what does not."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gradekit.grading import Mismatch, assert_close, assert_equal, same
from gradekit.grading.call import Call
from gradekit.grading.shown import as_code, show


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (1, 1),
        (np.int64(1), 1),
        (np.bool_(True), True),
        ([1.0, (2, "a")], [1.0, (2, "a")]),
        ({"a": [np.float64(1.0)]}, {"a": [1.0]}),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
        ([np.array([1.0])], [np.array([1.0])]),
    ],
)
def test_equal_values_pass(actual: Any, expected: Any) -> None:
    """A NumPy scalar is the number that it holds."""
    assert_equal(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (True, 1),
        (1, True),
        (np.bool_(True), 1),
        ([True], [1]),
        ({"a": True}, {"a": 1}),
        ([np.array([1.0])], [1.0]),
        (np.array([1.0]), 1.0),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ([1.0], [np.array([1.0])]),
        ((1, 2), [1, 2]),
        (np.array([1.0]), np.array([1])),
        ("1", 1),
        (None, 0),
    ],
)
def test_other_kinds_of_things_are_not_equal(actual: Any, expected: Any) -> None:
    """True is no 1, an array is no number and no list, at any depth."""
    with pytest.raises(Mismatch):
        assert_equal(actual, expected)


def test_a_call_names_the_dtype_where_it_is_not_the_usual_one() -> None:
    """A check on float32 shows that the argument was float32."""
    call = Call("f", (np.array([0.5, 2.0], dtype=np.float32), np.array([1.0])), {"n": 1})
    assert str(call) == "f(np.array([0.5, 2.], dtype=np.float32), [1.], n=1)"


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (Fraction(1, 2), 0.5), (Decimal("0.5"), 0.5), (1 + 0j, 1), (frozenset({1}), {1}),
        (np.ma.array([1, 2], mask=[0, 1]), np.array([1, 2])), (np.ma.masked_all(2), np.zeros(2)),
        (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)), (np.array(["a"]), np.array(["b"])),
    ],
)  # fmt: skip
def test_what_python_calls_equal_may_be_of_another_kind(actual: Any, expected: Any) -> None:
    """A fraction is no float, a frozen set no set; and what is masked is passed over by no one."""
    with pytest.raises(Mismatch):
        assert_equal(actual, expected)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({1}, "{1}"), (set(), "set()"), (frozenset({"a"}), "frozenset({'a'})"),
        (Fraction(1, 2), "Fraction(1, 2)"), (Decimal("0.5"), "Decimal('0.5')"),
        (datetime.date(2020, 1, 2), "datetime.date(2020, 1, 2)"), (range(3), "range(0, 3)"),
        (np.array(["a"]), "np.array(['a'], dtype='<U1')"),
        (np.ma.array([1, 2], mask=[0, 1]), "np.ma.array([1, 2], mask=[False, True])"),
        (np.array(["2020-01-01"], "M8[D]"), "np.array(['2020-01-01'], dtype='datetime64[D]')"),
        (np.array([(1, 0.5)], [("n", "i8"), ("x", "f8")]),
         "np.array([(1, 0.5)], dtype=[('n', '<i8'), ('x', '<f8')])"),
    ],
)  # fmt: skip
def test_further_kinds_of_data_as_code(value: Any, code: str) -> None:
    """What a message shows can be pasted into Python, and is that value again."""
    assert as_code(value) == code
    names = {"np": np, "Fraction": Fraction, "Decimal": Decimal, "datetime": datetime}
    assert same(eval(code, names), value)


def test_ordinary_numbers_have_no_exponents() -> None:
    """Also where one is a thousand times another; very large and very small ones have."""
    assert as_code(np.array([3000.5, -1.0, 0.0])) == "np.array([3000.5, -1., 0.])"
    assert show(np.array([-0.69314718, -1000.69314718, np.inf])) == "[-0.6931, -1000.6931, inf]"
    assert show(np.array([1e-5, 1.0])) == "[1.e-05, 1.e+00]"
    assert as_code(np.array([1e300, 1.0])) == "np.array([1.e+300, 1.e+000])"
    assert show(np.array([60000.0, 0.5], np.float32)) == "[60000., 0.5]"


def test_long_arrays_are_told_by_the_first_wrong_entry() -> None:
    """Twelve numbers with all their digits are not compared by eye."""
    wanted = np.linspace(0.0, 1.0, 12).reshape(3, 4) * 123.456
    got = wanted.copy()
    got[1, 2] += 5.0
    with pytest.raises(Mismatch, match=r"expected 67\.34 at \[1, 2\], got 72\.34 \(1 of 12"):
        assert_close(got, wanted, rtol=1e-9, atol=0.0)
