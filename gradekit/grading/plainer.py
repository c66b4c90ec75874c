"""Inputs that are easier to read: fewer rows, fewer digits, regular numbers.

Each function makes other inputs from one input. Whether an answer is still wrong on them, and
whether they are still legal, is for the caller to find out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradekit.grading.concise import KINDS, LONGEST_PERIOD
from gradekit.grading.shown import is_tensor, numpy_of
from gradekit.grading.truth import Case, Whole, with_keywords

MANY = 9  # numbers in an array; of fewer, a few that are repeated would be most of them
PERIODS = (1, 3, 2)  # of numbers that are repeated; with two, rows of 2 or 4 are all equal
FEW_DIGITS = (1, 4)  # of its numbers: with one, large ones may all be equal


def halves(case: Case) -> Iterator[Case]:
    """The case with half of its rows; then with half of each other length that its arrays have.

    All axes of that length are cut, since they belong together, as images and their labels do.
    Shares that add up to 1 are cut by rows only: what is left would add up to something else.
    """
    args, keywords = with_keywords(case)
    arrays = [each for each in (*args, *keywords.values()) if _is_array(each)]
    sizes = dict.fromkeys(each.shape[0] for each in arrays)
    sizes |= dict.fromkeys(size for each in arrays for size in each.shape)
    for size in [each for each in sizes if each > 1]:
        if not any(_are_shares(each) and each.shape[-1] == size for each in arrays):
            half = (size + 1) // 2
            for kept in dict.fromkeys([half, half + half % 2]):  # columns may come in pairs
                if kept < size:
                    yield _cut((args, keywords), size, kept)


def _cut(case: Whole, size: int, kept: int) -> Whole:
    """The case with all axes of length `size` cut to `kept`."""

    def cut(value: Any) -> Any:
        if not _is_array(value) or size not in value.shape:
            return value
        part = value[tuple(slice(kept if n == size else n) for n in value.shape)]
        return part.clone() if is_tensor(part) else part.copy()

    args, keywords = case
    return tuple(map(cut, args)), {key: cut(value) for key, value in keywords.items()}


def regular(case: Whole) -> Iterator[Whole]:
    """The case with long arrays of regular numbers: a few repeated, one apart, or counting up.

    Shares stay shares: a row of them is repeated. A mask becomes what most of it is. There is
    nothing to be made of a case whose arrays are all short: it would be shown as it is.
    """
    if not _has_long(case):
        return
    repeating: list[Callable[[Any], Any]] = [partial(_repeating, period) for period in PERIODS]
    for digits in FEW_DIGITS:
        args, keywords = rounded(case, digits)
        for made in (*repeating, _identity, _one_apart, _counting):
            yield _each(made, args, _has_long), _each(made, keywords, _has_long)


def nudged(case: Whole) -> Whole:
    """The case with the floats of its arrays off by none, one or two of their last bits."""
    args, keywords = case
    return _each(_nudged, args, _is_array), _each(_nudged, keywords, _is_array)


def _nudged(value: Any) -> Any:
    array = numpy_of(value)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        return value
    bits = np.arange(array.size).reshape(array.shape) % 3
    return _like(value, array + bits * np.spacing(array))


def _each(made: Callable[[Any], Any], value: Any, wanted: Callable[[Any], bool]) -> Any:
    """`value` with `made` of each array in it that is wanted."""
    if isinstance(value, list | tuple):
        return type(value)(_each(made, item, wanted) for item in value)
    if isinstance(value, dict):
        return {key: _each(made, item, wanted) for key, item in value.items()}
    return made(value) if wanted(value) else value


def _has_long(value: Any) -> bool:
    """Whether there is an array of many numbers."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        return any(map(_has_long, value))
    is_long = _is_array(value) and math.prod(value.shape) > MANY
    return is_long and numpy_of(value).dtype.kind in KINDS


def _repeating(period: int, value: Any) -> Any:
    """An array in which so many of its numbers are repeated."""
    array = numpy_of(value)
    numbers: Sequence[Any]
    if array.dtype.kind == "b":
        numbers = [2 * array.sum() >= array.size]
    elif _are_shares(value):
        row = array.reshape(-1, array.shape[-1])[0]
        numbers = row if row.size <= LONGEST_PERIOD else [1 / row.size]
    else:
        numbers = [*dict.fromkeys(array.ravel().tolist())][:period]
    return _like(value, np.resize(numbers, array.shape))


def _identity(value: Any) -> Any:
    """A matrix of ones on its diagonal; arrays of other dimensions repeat some numbers."""
    array = numpy_of(value)
    if array.ndim != 2 or array.dtype.kind != "f" or _are_shares(value):
        return _repeating(max(PERIODS), value)
    return _like(value, np.eye(*array.shape))


def _one_apart(value: Any) -> Any:
    """An array of equal numbers, but for the largest one, which stands first."""
    array = numpy_of(value)
    if array.dtype.kind == "b" or _are_shares(value):
        return _repeating(1, value)
    one = np.full_like(array, array.flat[0])
    one.flat[0] = array.flat[np.abs(array).argmax()]
    return _like(value, one)


def _counting(value: Any) -> Any:
    """An array of 0, 1, 2, ...; whole numbers may be indices, of which the largest is unknown."""
    array = numpy_of(value)
    if array.dtype.kind != "f" or _are_shares(value):
        return _repeating(PERIODS[-1], value)
    return _like(value, np.arange(array.size).reshape(array.shape))


def _like(value: Any, array: np.ndarray) -> Any:
    """The numbers of `array` as an array or tensor of the dtype of `value`."""
    return value.new_tensor(array) if is_tensor(value) else array.astype(value.dtype)


def _is_array(value: Any) -> bool:
    return (isinstance(value, np.ndarray) or is_tensor(value)) and bool(value.ndim)


def _are_shares(value: Any) -> bool:
    """Whether the entries of an array add up to 1 along its last axis."""
    array = numpy_of(value)
    if array.dtype.kind != "f" or not array.size:
        return False
    return np.allclose(array.sum(axis=-1, dtype=float), 1.0)


def rounded(value: Any, digits: int) -> Any:
    """`value` with its floats rounded to so many digits, except shares that add up to 1.

    Rounded, those would add up to something else, and might be no legal input any more. Nor does a
    number by itself become a whole one: a rate of 0.999 is no rate of 1.
    """
    if isinstance(value, float):
        number = float(f"{value:.{digits}g}")
        return value if number.is_integer() and not value.is_integer() else number
    if isinstance(value, list | tuple):
        return type(value)(rounded(each, digits) for each in value)
    if isinstance(value, dict):
        return {key: rounded(each, digits) for key, each in value.items()}
    if is_tensor(value) and value.is_floating_point() and not value.requires_grad:
        return value.new_tensor(rounded(value.double().numpy(), digits))
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
        return value
    if value.ndim and _are_shares(value):
        return value
    numbers = [float(f"{each:.{digits}g}") for each in value.ravel()]
    return np.array(numbers, dtype=value.dtype).reshape(value.shape)
