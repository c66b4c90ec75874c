"""What a picture is: values that an answer returns, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradekit.grading.proxy import SubmissionProxy

MOST_NUMBERS = 100_000
LARGEST = 1e30


class NotDrawable(Exception):
    """What came back has no form that can be drawn; the text is for the learner."""


class Picture:
    """The picture of one exercise. It stacks `panels` drawings, one below the other."""

    title: ClassVar[str]
    panels: ClassVar[int] = 1

    def collect(self, answer: SubmissionProxy) -> Any:
        """Ask the answer for the values; a name and shape for each is checked by `numbers`."""
        raise NotImplementedError

    def draw(self, axes: list[Axes], values: Any) -> None:
        """Draw the values into as many axes as there are panels."""
        raise NotImplementedError


def numbers(what: str, value: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """`value` as a float array, of `shape` if that is given (-1 for any length).

    Raises:
        NotDrawable: it is no such thing.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise NotDrawable(f"{what} should be numbers, got {type(value).__name__}") from None
    if array.size > MOST_NUMBERS:
        raise NotDrawable(f"{what} has {array.size} numbers: too many to draw")
    fits = shape is None or (
        len(shape) == array.ndim
        and all(want in (-1, got) for want, got in zip(shape, array.shape, strict=True))
    )
    if not fits:
        raise NotDrawable(f"{what} should have shape {shape}, got {array.shape}")
    # An axis cannot span what is beyond this, so it is left out as nan is.
    return np.where(np.abs(array) > LARGEST, np.nan, array)


def pair(what: str, value: Any) -> tuple[Any, Any]:
    """`value` as two things."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise NotDrawable(f"{what} should be a pair, got {type(value).__name__}")
    return value[0], value[1]


def fields(what: str, value: Any, *names: str) -> list[Any]:
    """The values of a dict under `names`, in their order."""
    if not isinstance(value, dict) or not set(names) <= set(value):
        raise NotDrawable(f"{what} should be a dict with {', '.join(names)}")
    return [value[name] for name in names]
