"""The kit for graders that train, what graders send out, and equality as graders mean it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import Mismatch, assert_equal, training
from gradekit.grading.outgoing import pickled
from gradekit.grading.training import linear, snapshot


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (True, 1),
        (1, True),
        ([True], [1]),
        ([np.array([1.0])], [1.0]),
        (np.array([1.0]), 1.0),
        ([1.0], [np.array([1.0])]),
        ((1,), [1]),
        ({"a": np.array([1])}, {"a": 1}),
        ([torch.tensor(1.0)], [1.0]),
        ([1, 2], [1]),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_equal_by_python_alone_is_not_equal(actual: Any, expected: Any):
    """What Python calls equal though it is of another kind fails."""
    with pytest.raises(Mismatch):
        assert_equal(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (True, True),
        (1, 1),
        ([np.int64(64), 32], [64, 32]),
        ({"a": [1.0, "x"]}, {"a": [1.0, "x"]}),
        ([np.array([1.0])], [np.array([1.0])]),
        ("HEALTHY", "HEALTHY"),
        (None, None),
    ],
)
def test_equal_values_are_equal(actual: Any, expected: Any):
    """A NumPy scalar counts as its number, and containers are compared part by part."""
    assert_equal(actual, expected)


def saddle_point(weight: torch.Tensor) -> Any:
    """A docstring that tells what is expected."""

    class Telling(nn.Module):
        """So does this one."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """And this."""
            return x @ weight

    def not_affine(x: torch.Tensor) -> torch.Tensor:
        """As above."""
        return x.abs() @ weight

    return Telling(), not_affine, lambda x: x


def test_what_goes_out_has_no_telling_name():
    """Functions and classes of a grader travel without names, files, lines and docstrings."""
    data = pickled(saddle_point(torch.ones(2, 1)))
    telling = (b"affine", b"saddle", b"Telling", b"docstring", b"So does", b"And this", b"As above")
    assert [
        text for text in (*telling, b"test_training", b".py", b"gradekit") if text in data
    ] == []
    model, called, same = pickle.loads(data)
    assert called(-torch.ones(1, 2)).item() == 2 and model(torch.ones(1, 2)).item() == 2
    assert same(3) == 3
    assert {called.__name__, same.__qualname__, called.__code__.co_filename} == {"f", "grader"}
    assert called.__doc__ is None and "__file__" not in called.__globals__


def test_first_constant_that_is_no_docstring_stays():
    """A lambda that returns a text goes on returning it."""
    assert pickle.loads(pickled(lambda: "text"))() == "text"


def test_kit_travels_to_where_it_cannot_be_imported():
    """A probe that uses the kit takes it along."""

    def probe(weight: torch.Tensor) -> Any:
        return snapshot(linear(weight))

    data = pickled(probe)
    assert b"gradekit" not in data
    assert pickle.loads(data)(torch.ones(1, 2))["modes"] == [True]


def test_untouched_tells_what_changed():
    """The parameter and both its values stand in the message; NaN equals NaN."""
    layer = training.linear(torch.tensor([[1.0, float("nan")]]))
    optimizer = torch.optim.Adam(layer.parameters())
    parts = ("parameters", "optimiser", "gradients", "requires_grad")
    before = training.snapshot(layer, optimizer, parts)
    training.assert_untouched(before, training.snapshot(layer, optimizer, parts))
    with torch.no_grad():
        layer.weight[0, 0] = 2.0
    with pytest.raises(Mismatch, match=r"the parameter weight went from 1 to 2 at \[0, 0\]"):
        training.assert_untouched(before, training.snapshot(layer, optimizer, parts))
    layer.weight.requires_grad_(False)
    with pytest.raises(Mismatch, match="requires_grad"):
        after = training.snapshot(layer, optimizer, parts)
        training.assert_untouched(before, after, "requires_grad")
