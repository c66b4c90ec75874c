"""Whether each call of a function stands alone: nothing remembered, no global state touched."""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from gradekit.grading.compare import Mismatch, same

if TYPE_CHECKING:
    from gradekit.grading.proxy import SubmissionProxy

RTOL = 1e-6  # between the same call on arrays that lie elsewhere; a stale answer is further out

# A worker cannot import this module, so functions of it are pickled by value, not by name.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def assert_afresh(
    submission: SubmissionProxy,
    name: str,
    first: tuple[Any, ...],
    second: tuple[Any, ...],
    *,
    seed: int | None = None,
) -> Any:
    """Call a function for `first`, for `second`, and for `first`'s arrays refilled with `second`.

    Fail if the later calls change what the first returned, if the last two disagree, or if
    NumPy's global random state is another one afterwards. An answer that is stale for good
    shows in the value for `second` only, so compare that.

    Args:
        first: Arguments. Its arrays, also those in lists and dicts, have the shapes of
            `second`'s; everything else is the same in both.
        seed: Where given, the last argument of each call is a new NumPy generator of this seed.
    Returns:
        The value for `second`.

    Example (`submission` returns `2 * x`):
        >>> assert_afresh(submission, "double", (np.ones(2),), (np.zeros(2),))
        array([0., 0.])
    """
    return judged_afresh(submission.probe(three_calls, name, first, second, seed), name)


def judged_afresh(seen: tuple[Any, ...], name: str) -> Any:
    """What `assert_afresh` says of what `three_calls` saw of the function of that name."""
    was, now, value, refilled, before, after = seen
    given = f"{name} called several times"
    if not same(was, now):
        raise Mismatch("a later call changed what an earlier one returned", given)
    if not alike(value, refilled):
        raise Mismatch("it answered for numbers that an array held in an earlier call", given)
    if not same(before, after):
        raise Mismatch("NumPy's global random state is another one afterwards", given)
    return value


def three_calls(
    answer: Any, name: str, first: Any, second: Any, seed: int | None
) -> tuple[Any, ...]:
    """Runs beside the submission, and leaves all comparing to `judged_afresh`."""
    # One probe, not five calls: each call of a proxy sends copies, so the second would come with
    # arrays at other addresses, and an answer that remembers by address would not be caught.

    def call(arguments: Any) -> Any:
        rng = () if seed is None else (np.random.default_rng(seed),)
        return getattr(answer, name)(*arguments, *rng)

    def refill(old: Any, new: Any) -> None:
        if isinstance(old, np.ndarray):
            old[...] = new
        elif isinstance(old, list | tuple):
            for pair in zip(old, new, strict=True):
                refill(*pair)
        elif isinstance(old, dict):
            for key in old:
                refill(old[key], new[key])

    def state() -> list[Any]:
        _, keys, position, *_ = np.random.get_state()
        return [keys, int(position)]

    # Without this, an answer that seeds the generator in each call would find the state that its
    # last call left, and leave the same one again.
    np.random.seed(11)
    before = state()
    returned = call(first)
    # A copy, taken before the second call: where the answer hands out its own buffer, `returned` is
    # going to change, which is what `was` and `now` are compared for.
    was = copy.deepcopy(returned)
    value = call(second)
    now = copy.deepcopy(returned)
    refill(first, second)
    # `first` holds the numbers of `second` by now, in the memory that the first call has seen.
    return was, now, value, call(first), before, state()


def alike(left: Any, right: Any) -> bool:
    """Whether two values agree in structure and, up to rounding, in their numbers."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(alike, left, right))
    numbers = np.ndarray | np.generic | float | int
    if isinstance(left, numbers) and isinstance(right, numbers):
        one_shape = np.shape(left) == np.shape(right)
        return one_shape and np.allclose(left, right, rtol=RTOL, atol=RTOL, equal_nan=True)
    return same(left, right)
