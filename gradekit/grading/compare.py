"""The comparisons that graders make, and the sentences a learner reads when one fails.

Every helper raises `Mismatch` with one small counterexample: what was called, what was
expected, what came back. `given` is the call as the learner would write it; left out, the
plugin names the submission's last call. Values may be hostile in content, never in kind:
the wire delivers plain data only.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradekit.grading.handle import is_handle
from gradekit.grading.shown import SHOWN_ENTRIES, is_tensor, show, show_apart
from gradekit.sandbox.arrays import is_masked_array

if TYPE_CHECKING:
    from gradekit.grading.proxy import SubmissionProxy


# In what a value differs from what was expected: its kind of thing, its shape or dtype; NaN where
# there should be numbers; nearly right numbers; other numbers; an argument that was written to;
# any value where there should be an exception.
Kind = Literal["type", "shape", "dtype", "nan", "rounding", "value", "changed", "not raised"]
EXACT = (complex, Fraction, Decimal, set, frozenset)  # equal in kind as well
BOTH_CHARACTERS = 150  # of two arrays: two lines, beyond which nobody compares them
ROUNDING = 1e-3  # relative: numbers nearer than that were meant to be right


class Mismatch(AssertionError):
    """What came back is not what was expected.

    Example:
        >>> error = Mismatch("expected 2, got 3", "double(1)")
        >>> str(error), error.kind
        ('double(1): expected 2, got 3', 'value')
    """

    def __init__(
        self, text: str, given: str | None = None, kind: Kind = "value", deviation: float = 0.0
    ) -> None:
        super().__init__(f"{given}: {text}" if given else text)
        self.names_the_call = given is not None
        self.kind: Kind = kind
        self.deviation = deviation  # of numbers that are nearly right; see `deviation_of`


def expect(condition: object, text: str, *, given: str | None = None) -> None:
    """Fail the check with `text` unless `condition` holds.

    Example:
        >>> expect(1 < 2, "the loss has to fall")
        >>> expect(2 < 1, "the loss has to fall", given="3 steps")
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: 3 steps: the loss has to fall
    """
    if not condition:
        raise Mismatch(text, given)


def assert_close(
    actual: Any, expected: Any, *, rtol: float, atol: float = 0.0, given: str | None = None
) -> None:
    """Fail unless `actual` is `expected` within `atol + rtol * |expected|`, entry by entry.

    The kind follows `expected`: an array wants an array of that shape and dtype (a NumPy
    scalar passes for shape ()), a tensor a tensor of that shape and dtype, a number a
    number. NaN equals NaN, and infinities equal themselves.

    Example:
        >>> assert_close(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9]), rtol=1e-6)
        >>> assert_close(np.array([1.0, 2.5]), np.array([1.0, 2.0]), rtol=1e-6)
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected [1., 2.], got [1., 2.5]
    """
    if isinstance(expected, np.ndarray):
        assert_array(actual, shape=expected.shape, dtype=expected.dtype, given=given)
        got, wanted = np.asarray(actual), expected
    elif is_tensor(expected):
        assert_tensor(actual, shape=tuple(expected.shape), dtype=expected.dtype, given=given)
        got, wanted = actual.detach().numpy(), expected.detach().numpy()
    else:
        got, wanted = np.asarray(assert_number(actual, given=given)), np.asarray(float(expected))
    _compare(got, wanted, rtol, atol, given)


def assert_equal(actual: Any, expected: Any, *, given: str | None = None) -> None:
    """Fail unless `actual` is exactly `expected`: arrays and tensors in shape, dtype and bits.

    Example:
        >>> assert_equal([1, "a"], [1, "a"])
        >>> assert_equal(True, 1)
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected 1, got True
    """
    if isinstance(expected, np.ndarray) and _is_array(expected):
        assert_array(actual, shape=expected.shape, dtype=expected.dtype, given=given)
        _compare(np.asarray(actual), expected, 0.0, 0.0, given)
    elif is_tensor(expected):
        assert_tensor(actual, shape=tuple(expected.shape), dtype=expected.dtype, given=given)
        _compare(actual.detach().numpy(), expected.detach().numpy(), 0.0, 0.0, given)
    elif not _equal(actual, expected):
        raise Mismatch(f"expected {show(expected)}, got {show(actual)}", given)


def assert_array(
    actual: Any,
    *,
    shape: tuple[int, ...] | None = None,
    dtype: Any = np.float64,
    given: str | None = None,
) -> np.ndarray:
    """Fail unless `actual` is an array of that shape and dtype (None: any); return it.

    Example:
        >>> assert_array(np.zeros(3), shape=(2,))
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected shape (2,), got shape (3,)
    """
    if not _is_array(actual):
        raise Mismatch(f"expected a NumPy array, got {_kind(actual)}", given, "type")
    if shape is not None and actual.shape != shape:
        raise Mismatch(f"expected shape {shape}, got shape {actual.shape}", given, "shape")
    if dtype is not None and actual.dtype != np.dtype(dtype):
        raise Mismatch(f"expected dtype {np.dtype(dtype)}, got {actual.dtype}", given, "dtype")
    return np.asarray(actual)


def assert_tensor(
    actual: Any,
    *,
    shape: tuple[int, ...] | None = None,
    dtype: Any = None,
    given: str | None = None,
) -> Any:
    """Fail unless `actual` is a tensor of that shape and dtype (None: any); return it.

    Example:
        >>> assert_tensor([0.0])
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected a tensor, got a list
    """
    if not is_tensor(actual):
        raise Mismatch(f"expected a tensor, got {_kind(actual)}", given, "type")
    if shape is not None and tuple(actual.shape) != shape:
        text = f"expected shape {shape}, got shape {tuple(actual.shape)}"
        raise Mismatch(text, given, "shape")
    if dtype is not None and actual.dtype != dtype:
        raise Mismatch(f"expected dtype {dtype}, got {actual.dtype}", given, "dtype")
    return actual


def assert_number(actual: Any, *, given: str | None = None) -> float:
    """Fail unless `actual` is a number (int, float, np.float64 or a 0-d float64 array).

    Example:
        >>> assert_number(np.array(0.5))
        0.5
        >>> assert_number(None)
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected a float, got None (is there a `return`?)
    """
    zero_dimensional = isinstance(actual, np.ndarray) and actual.shape == ()
    if zero_dimensional and actual.dtype == np.float64:
        return float(actual)
    # bool is a subclass of int, but True is no number that was asked for. np.float64 is a float.
    if isinstance(actual, bool | np.bool_) or not isinstance(actual, int | float):
        raise Mismatch(f"expected a float, got {_kind(actual)}", given, "type")
    try:
        return float(actual)
    except OverflowError:
        raise Mismatch(
            f"expected a float, got an int of {len(str(actual))} digits", given, "type"
        ) from None


def assert_python_float(actual: Any, *, given: str | None = None) -> float:
    """Fail unless `actual` is a float as Python knows it: no tensor, no array; return it.

    Example:
        >>> assert_python_float(0.5)
        0.5
        >>> assert_python_float(np.array(0.5))
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected a Python float, got an array of shape () \
and dtype float64
    """
    if not isinstance(actual, float):
        raise Mismatch(f"expected a Python float, got {_kind(actual)}", given, "type")
    return float(actual)


def assert_unchanged(submission: SubmissionProxy, name: str, *args: Any, **kwargs: Any) -> Any:
    """Call `name` and fail unless its arguments come back bit for bit; return its value.

    Example (`submission` returns `2 * x`, or doubles `x` in place):
        >>> assert_unchanged(submission, "double", np.ones(2))
        array([2., 2.])
        >>> assert_unchanged(submission, "double_in_place", np.ones(2))
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: it changed its argument in place
    """
    ((_, value),) = each_unchanged(submission, name, [args], **kwargs)
    return value


def each_unchanged(
    submission: SubmissionProxy, name: str, cases: Iterable[tuple[Any, ...]], **kwargs: Any
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """As `submission.each`, and fail where the arguments do not come back bit for bit.

    Example (`submission` returns `2 * x`):
        >>> [value for _, value in each_unchanged(submission, "double", [(1,), (2,)])]
        [2, 4]
    """
    for case, answer in submission.each_called(name, cases, **kwargs):
        # With the copies that the worker sent back: our own
        # arguments cannot change, whatever it does.
        if not (same(answer.args, case) and same(answer.kwargs, kwargs)):
            raise Mismatch("it changed its argument in place", kind="changed")
        yield case, answer.value


def same(left: Any, right: Any) -> bool:
    """Whether two values from the wire agree in type, shape, dtype and every bit (NaN too).

    Example:
        >>> same([np.nan], [np.nan]), same(np.array([0.0]), np.array([-0.0])), same(1, 1.0)
        (True, False, False)
    """
    if is_tensor(left) and is_tensor(right):
        return bool(left.dtype == right.dtype) and same(
            left.detach().numpy(), right.detach().numpy()
        )
    if is_masked_array(left) or is_masked_array(right):
        return _same_masked(left, right)
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return (
            left.dtype == right.dtype
            and left.shape == right.shape
            # Bytes, since NaN is unequal to itself and -0.0 equals 0.0; contiguous, since memory
            # order does not count.
            and np.ascontiguousarray(left).tobytes() == np.ascontiguousarray(right).tobytes()
        )
    if isinstance(left, list | tuple) and type(left) is type(right):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, complex) and isinstance(right, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if is_handle(left) or is_handle(right):
        return left is right
    # As texts: a signalling NaN raises when it is compared, and 1.0 is written unlike 1.00.
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return str(left) == str(right)
    return type(left) is type(right) and bool(left == right)


def _same_masked(left: Any, right: Any) -> bool:
    """Whether two masked arrays hide the same entries, and agree in all others."""
    if type(left) is not type(right) or left.shape != right.shape or left.dtype != right.dtype:
        return False
    mask = np.ma.getmaskarray(left)
    shown = np.ascontiguousarray(left.data)[~mask], np.ascontiguousarray(right.data)[~mask]
    return same(mask, np.ma.getmaskarray(right)) and same(*shown)


def _compare(
    got: np.ndarray, wanted: np.ndarray, rtol: float, atol: float, given: str | None
) -> None:
    """Raise a `Mismatch`, with all entries where they are short, else with the first wrong one."""
    if wanted.dtype.kind in "fc":
        with np.errstate(invalid="ignore", over="ignore"):
            within = np.abs(got - wanted) <= atol + rtol * np.abs(wanted)
            if within.all() and np.isfinite(wanted).all():
                return  # the usual case, and ten times as fast as isclose
        close = np.isclose(got, wanted, rtol=rtol, atol=atol, equal_nan=True)
    else:
        close = got == wanted
        if wanted.dtype.kind in "mM":  # no date equals no date, as NaN equals NaN
            close = close | (np.isnat(got) & np.isnat(wanted))
    if close.all():
        return
    if wanted.size <= SHOWN_ENTRIES:
        left, right = show_apart(wanted, got)
        if wanted.size == 1 or len(left) + len(right) <= BOTH_CHARACTERS:
            kind = _kind_of(got, wanted)
            raise Mismatch(f"expected {left}, got {right}", given, kind, deviation_of(got, wanted))
    # Of a large array one wrong entry, with its place, says more than the ends of all of them.
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    left, right = show_apart(wanted[first], got[first])
    wrong = int((~close).sum())
    raise Mismatch(
        f"expected {left} at {list(first)}, got {right} ({wrong} of {wanted.size} entries differ)",
        given,
        _kind_of(got, wanted),
        deviation_of(got, wanted),
    )


def deviation_of(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, as a share of the largest number, if that is small; else 0.

    Example:
        >>> deviation_of(np.array([2.0, 0.0]), np.array([2.0, 2e-6])), deviation_of(
        ...     np.array(2.0), np.array(1.0))
        (1e-06, 0.0)
    """
    if wanted.dtype.kind != "f" or not (np.isfinite(got) == np.isfinite(wanted)).all():
        return 0.0
    finite = np.isfinite(wanted)
    with np.errstate(over="ignore", invalid="ignore"):
        largest = float(np.abs(wanted[finite]).max(initial=0.0))
        share = float(np.abs(got[finite] - wanted[finite]).max(initial=0.0)) / (largest or 1.0)
    return share if 0.0 < share < ROUNDING else 0.0


def _kind_of(got: np.ndarray, wanted: np.ndarray) -> Kind:
    """In what way two arrays of one shape differ."""
    if wanted.dtype.kind not in "fc":
        return "value"
    if (np.isnan(got) & ~np.isnan(wanted)).any():
        return "nan"
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.isclose(got, wanted, rtol=ROUNDING, atol=0.0, equal_nan=True)
    return "rounding" if near.all() else "value"


def _equal(actual: Any, expected: Any) -> bool:
    """Whether two plain values are equal: True is no 1, and an array is no list or number.

    A NumPy scalar counts as the number, truth value or text that it holds.
    """
    # A handle decides by itself what may equal it; see handle.py.
    if is_handle(actual) or is_handle(expected):
        return bool(actual == expected)
    actual, expected = (
        value.item() if isinstance(value, np.generic) else value for value in (actual, expected)
    )
    if isinstance(expected, list | tuple):
        return (
            type(actual) is type(expected)
            and len(actual) == len(expected)
            and all(map(_equal, actual, expected))
        )
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and actual.keys() == expected.keys()
            and all(_equal(actual[key], expected[key]) for key in expected)
        )
    if any(_is_array(value) or is_tensor(value) for value in (actual, expected)):
        return same(actual, expected)
    # Fraction(1, 2) equals 0.5 for Python, and frozenset() equals set(): as results they differ.
    if any(isinstance(value, EXACT) or is_masked_array(value) for value in (actual, expected)):
        return same(actual, expected)
    return isinstance(actual, bool) == isinstance(expected, bool) and bool(actual == expected)


def _is_array(value: Any) -> bool:
    """Whether it is an array or scalar of NumPy; comparisons pass over what is masked."""
    return isinstance(value, np.ndarray | np.generic) and not is_masked_array(value)


def _kind(value: Any) -> str:
    """What sort of thing `value` is, with its article."""
    if value is None:
        return "None (is there a `return`?)"
    if is_tensor(value):
        return f"a tensor of shape {tuple(value.shape)} and dtype {value.dtype}"
    if is_masked_array(value):
        return f"a masked array of shape {value.shape}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, numbers.Number) and not isinstance(value, np.generic):
        return f"the {type(value).__name__} {show(value)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
