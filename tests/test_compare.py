"""Exact comparison of plain values: what counts as equal, and what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradekit.grading import Mismatch, assert_equal
from gradekit.grading.call import Call


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
