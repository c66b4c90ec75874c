"""Whether a function leaves traces: in its arguments, in what it returned, or for the next call.

Values are judged by their kind and order of magnitude alone, so that an answer that is wrong
elsewhere does not lose here as well, and an answer that computes nothing still earns nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from gradekit.grading.afresh import assert_afresh
from gradekit.grading.compare import Mismatch, assert_array, assert_number
from gradekit.grading.layouts import frozen, laid_out
from gradekit.grading.shown import show
from gradekit.grading.truth import KINDS, Case, Draw, Truth, with_keywords

if TYPE_CHECKING:
    from gradekit.grading.proxy import SubmissionProxy

FACTOR = 100.0  # a wrong formula is rarely off by more; zeros are

# Where an answer runs, this module cannot be imported: what is sent from it travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def assert_no_traces(
    submission: SubmissionProxy,
    truth: Truth,
    cases: Iterable[Case],
    *,
    draw: Draw,
    new: bool = False,
) -> None:
    """Fail where a call changes its arguments or what is returned later, or needs C order.

    The arguments of `cases` and of drawn ones have to come back bit for bit. The first case is
    also called with arrays that are read-only and lie in memory in other ways: in Fortran order,
    and as every second entry of a larger array. (Not reversed: torch takes no arrays of negative
    strides.) And calls for the first two cases, whose arrays have the same shapes and which are
    alike otherwise, do not disturb each other.

    Args:
        new: The contract calls what is returned new: it may share no memory with an argument.
    """
    first, second, *others = cases
    kept = Truth(truth.function, truth.expected, rtol=0.0, judge=_judge_roughly)
    kept.assert_holds(submission, [first, second, *others], draw=draw, unchanged=True)
    args, keywords = with_keywords(first)
    for value, shared in submission.probe(_calls, truth.function, args, keywords):
        kept.compare(value, args, keywords)
        if new and shared:
            text = "what came back shares its memory with an argument"
            raise Mismatch(text, f"{truth.function}(...)")
    assert_afresh(submission, truth.function, args, with_keywords(second)[0])


def assert_roughly(actual: Any, expected: Any) -> None:
    """Fail unless `actual` is of the kind of `expected`, and of its order of magnitude."""
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
        got = np.asarray(assert_number(actual))
    size, wanted = _largest(got), _largest(np.asarray(expected))
    if not wanted / FACTOR <= size <= max(wanted * FACTOR, 1.0):
        raise Mismatch(f"expected {show(expected)}, got {show(actual)}")


def _largest(array: np.ndarray) -> float:
    """The largest magnitude of a finite entry."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _judge_roughly(actual: Any, expected: Any, *args: Any, **keywords: Any) -> None:
    assert_roughly(actual, expected)


def _calls(answer: Any, name: str, args: Any, keywords: Any) -> list[tuple[Any, bool]]:
    """Runs beside the submission, because memory layouts do not travel."""
    results = []
    for layout in ("Fortran-ordered", "strided"):
        laid = [laid_out(each, layout) for each in args]
        given = [frozen(each) if isinstance(each, np.ndarray) else each for each in laid]
        value = getattr(answer, name)(*given, **keywords)
        arrays = [each for each in given if isinstance(each, np.ndarray)]
        shared = any(np.may_share_memory(part, each) for part in _parts(value) for each in arrays)
        results.append((value, shared))
    return results


def _parts(value: Any) -> list[np.ndarray]:
    """All arrays in a value."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [part for item in value for part in _parts(item)]
    return []
