"""Comparisons of arrays that a test makes: nothing is near a number only because it is empty.

For NumPy, torch and pytest an array without entries agrees with whatever it can be broadcast to:
`np.allclose([], 5.0)` is true, and so is `np.zeros(0) == pytest.approx(5.0)`. An answer that
returns nothing would pass most tests of arrays.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

CLOSE = ("allclose", "isclose")
ASSERTIONS = (
    "assert_allclose assert_almost_equal assert_array_almost_equal assert_array_almost_equal_nulp "
    "assert_array_equal assert_array_less assert_equal"
).split()


@contextlib.contextmanager
def of_something() -> Iterator[None]:
    """Have the comparing functions of NumPy and torch look at sizes, for a block of code."""
    owners: list[tuple[Any, Any]] = [(np, CLOSE), (np.testing, ASSERTIONS)]
    if (torch := sys.modules.get("torch")) is not None:
        owners.append((torch, CLOSE))
    places = [(owner, name, _looking) for owner, names in owners for name in names]
    places.append((type(pytest.approx(1.0)), "__eq__", _looking_at_other))
    with contextlib.ExitStack() as undoing:
        for owner, name, looking in places:
            real = getattr(owner, name)
            setattr(owner, name, looking(real))
            undoing.callback(setattr, owner, name, real)
        yield


def _looking(real: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def compare(*args: Any, **keywords: Any) -> Any:
        sizes = [*map(_size, args[:2])]
        if len(sizes) == 2 and 0 in sizes and sizes[0] != sizes[1] and None not in sizes:
            raise AssertionError("an empty array is compared with one that is not")
        return real(*args, **keywords)

    return compare


def _looking_at_other(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: _size(other) != 0 and real(self, other)


def _size(value: Any) -> int | None:
    """The number of entries of an array, a tensor, a list or a number; None of anything else."""
    if isinstance(value, int | float | complex | np.generic):
        return 1
    if isinstance(value, list | tuple):
        return len(value)
    size = getattr(value, "numel", None) if "torch" in type(value).__module__ else None
    if callable(size):
        return int(size())
    return value.size if isinstance(value, np.ndarray) else None
