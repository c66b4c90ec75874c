"""Whether a function has side effects: on its arguments, on what it returned, on later calls.

Values are judged by their kind and order of magnitude alone, so that an answer that is wrong
elsewhere does not lose here as well, and an answer that computes nothing still earns nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from gradekit.grading.afresh import alike, judged_afresh, three_calls
from gradekit.grading.compare import Mismatch, assert_array, assert_number
from gradekit.grading.layouts import MADE, frozen, laid_out
from gradekit.grading.proxy import run_of
from gradekit.grading.shown import show
from gradekit.grading.truth import KINDS, Case, Draw, Truth, with_keywords

if TYPE_CHECKING:
    from gradekit.grading.proxy import SubmissionProxy

LAYOUTS = "plain", "Fortran-ordered", "strided"
FACTOR = 100.0  # a wrong formula is rarely off by more; a function that returns zeros is

# Where an answer runs, this module cannot be imported: what is sent from it travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def assert_no_traces(
    submission: SubmissionProxy,
    truth: Truth,
    cases: Iterable[Case],
    *,
    draw: Draw,
    new: bool = False,
    rtol: float | None = None,
) -> None:
    """Fail where a call changes its arguments or what is returned later, or needs C order.

    The arguments of `cases` and of drawn ones have to come back bit for bit. The first case is
    also called with arrays that are read-only and lie in memory in other ways: in Fortran order,
    and as every second entry of a larger array. (Not reversed: torch takes no arrays of negative
    strides.) The value there has to be the one for plain arrays, right or wrong. And calls for
    the first two cases, whose arrays have the same shapes and which are alike otherwise, do not
    disturb each other.

    Args:
        rtol: Values agree within `rtol * (1 + |expected|)`; left out, they are judged by their
            orders of magnitude only.
        new: The contract calls what is returned new: it may share no memory with an argument.

    Example (`submission` doubles `x` in place):
        >>> truth = Truth("double_in_place", lambda x: 2.0 * x, rtol=1e-12)
        >>> cases = [(np.ones(2),), (np.zeros(2),)]
        >>> assert_no_traces(submission, truth, cases, draw=lambda rng: (rng.random(2),))
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: it changed its argument in place
    """
    first, second, *more = cases
    kept = _judged_roughly(truth) if rtol is None else truth
    cases = [first, second, *more]
    kept.assert_holds(submission, cases, draw=draw, unchanged=True, rtol=rtol, atol=rtol)
    args, keywords = with_keywords(first)
    afterwards = with_keywords(second)[0]
    # All layouts in one probe, beside the answer: order and strides do not survive the codec. The
    # other probe travels with it: sending costs more than three small calls.
    layouts = [_calls, (truth.function, LAYOUTS, args, keywords)]
    several = [three_calls, (truth.function, args, afterwards, None)]
    seen = run_of(submission).probes([layouts, several])
    (plain, *laid), shared = next(seen)
    for value, layout in zip(laid, LAYOUTS[1:], strict=True):
        if not alike(plain, value):
            text = "it gives something else than for plain arrays of the same numbers"
            text = f"{text} (`{MADE[layout]}` makes one)"
            raise Mismatch(text, f"{truth.function} with {layout} arrays")
    if new and shared:
        raise Mismatch("what it returned shares its memory with an argument", truth.function)
    later = judged_afresh(next(seen), truth.function)
    kept.compare(later, afterwards, {}, rtol=rtol, atol=rtol)


@cache
def _judged_roughly(truth: Truth) -> Truth:
    """The same truth, judged by orders of magnitude; cached, since a truth keeps its values."""
    return Truth(truth.function, truth.expected, rtol=0.0, judge=_judge_roughly)


def assert_roughly(actual: Any, expected: Any) -> None:
    """Fail unless `actual` is of the kind of `expected`, and of its order of magnitude.

    Example:
        >>> assert_roughly(70.0, 3.0)
        >>> assert_roughly(0.0, 3.0)
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected 3, got 0.0
    """
    if isinstance(expected, list | tuple):
        kinds: Any = KINDS[type(expected)]
        if not isinstance(actual, kinds) or len(actual) != len(expected):
            name = type(expected).__name__
            raise Mismatch(f"expected a {name} of {len(expected)}, got {show(actual)}")
        for part, wanted in zip(actual, expected, strict=True):
            assert_roughly(part, wanted)
        return
    if isinstance(expected, np.ndarray):
        got = assert_array(actual, shape=expected.shape, dtype=expected.dtype)
    else:
        # Where a contract says int, a NumPy integer will do.
        whole = isinstance(expected, int) and isinstance(actual, np.integer)
        got = np.asarray(float(actual) if whole else assert_number(actual))
    size, wanted = _largest(got), _largest(np.asarray(expected))
    # At least 1.0 above: where zeros are expected, a wrong formula may give any small number.
    if not wanted / FACTOR <= size <= max(wanted * FACTOR, 1.0):
        raise Mismatch(f"expected {show(expected)}, got {show(actual)}")


def _largest(array: np.ndarray) -> float:
    """The largest magnitude of a finite entry."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _judge_roughly(actual: Any, expected: Any, *args: Any, **keywords: Any) -> None:
    assert_roughly(actual, expected)


def _calls(
    answer: Any, name: str, layouts: tuple[str, ...], args: Any, keywords: Any
) -> tuple[list[Any], bool]:
    """Runs beside the submission: the value in each layout, and whether any shares memory."""
    values, shared = [], False
    for layout in layouts:
        given = [laid_out(each, layout) for each in args]
        arrays = _parts(given)
        # Read-only, so that an answer which writes to its arguments raises here.
        for each in arrays:
            frozen(each)
        values.append(getattr(answer, name)(*given, **keywords))
        parts = _parts(values[-1])
        shared = shared or any(np.may_share_memory(part, each) for part in parts for each in arrays)
    return values, shared


def _parts(value: Any) -> list[np.ndarray]:
    """All arrays in a value."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [part for item in value for part in _parts(item)]
    return []
