"""Arrays that lie in memory in another way: transposed, strided, read-only.

They hold the same numbers, so an answer has to give the same values. What is sent arrives as
plain contiguous arrays; so they are laid out anew beside the submission, by a probe.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from gradekit.grading.compare import Mismatch
from gradekit.grading.shown import call_as_code

if TYPE_CHECKING:
    from gradekit.grading.proxy import SubmissionProxy
    from gradekit.grading.truth import Case, Truth

# Not reversed: torch, which an answer may use, takes no arrays of negative strides.
LAYOUTS = ("Fortran-ordered", "strided", "read-only")
# How one makes such an array oneself, for messages: there is no call that holds one.
MADE = {
    "Fortran-ordered": "x = np.asfortranarray(x)",
    "strided": "x = x.repeat(2, axis=-1)[..., ::2]",
    "read-only": "x.flags.writeable = False",
}

# Where an answer runs, this module cannot be imported: what is sent from it travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def assert_any_layout(
    submission: SubmissionProxy,
    truth: Truth,
    cases: Iterable[Case],
    *,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Fail unless the function of `truth` is right for `cases` however their arrays lie.

    Each case is tried with all its arrays in Fortran order, as every second entry, along
    each axis, of a larger array, and read-only (which shows an answer that writes to them).
    `rtol` and `atol` stand in for the truth's own.

    Example (`submission` returns `2 * x`):
        >>> from gradekit.grading import Truth
        >>> truth = Truth("double", lambda x: 2.0 * x, rtol=1e-12)
        >>> assert_any_layout(submission, truth, [(np.ones((2, 3)),)])
    """
    from gradekit.grading.truth import with_keywords

    every = [with_keywords(case) for case in cases]
    values = submission.probe(_in_layouts, truth.function, LAYOUTS, every)
    if not isinstance(values, list) or len(values) != len(every) * len(LAYOUTS):
        raise Mismatch("it sent back no proper data")
    tried = [(args, more, layout) for args, more in every for layout in LAYOUTS]
    for (args, more, layout), value in zip(tried, values, strict=True):
        try:
            truth.compare(value, args, more, rtol=rtol, atol=atol)
        except Mismatch as mismatch:
            given = f"{call_as_code(truth.function, args, more)} with {layout} arrays"
            text = f"{mismatch} (`{MADE[layout]}` makes one)"
            raise Mismatch(text, given, mismatch.kind, mismatch.deviation) from None


def _in_layouts(answer: Any, name: str, layouts: tuple[str, ...], cases: Any) -> list[Any]:
    """Runs beside the submission: the value for each case in each layout."""
    return [
        getattr(answer, name)(
            *(laid_out(value, layout) for value in args),
            **{key: laid_out(value, layout) for key, value in keywords.items()},
        )
        for args, keywords in cases
        for layout in layouts
    ]


def laid_out(value: Any, layout: str) -> Any:
    """`value` with every array in it laid out as `layout` says."""
    if isinstance(value, list | tuple):
        return type(value)(laid_out(item, layout) for item in value)
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    if layout == "Fortran-ordered":
        return value.copy(order="F")
    if layout == "strided":
        return _every_second(value)
    return frozen(value.copy())


def frozen(array: np.ndarray) -> np.ndarray:
    """The same array, which can be written to no longer."""
    array.flags.writeable = False
    return array


def _every_second(value: np.ndarray) -> np.ndarray:
    """The same numbers as every second entry, along each axis, of a larger array."""
    # Strides such as those of `x[::2]`: an answer that reads the buffer itself, or hands it to code
    # in C without its strides, goes wrong here.
    larger = np.zeros([2 * size for size in value.shape], dtype=value.dtype)
    places: tuple[Any, ...] = (..., *[slice(None, None, 2)] * value.ndim)
    spaced: np.ndarray = larger[places]
    spaced[...] = value
    return spaced
