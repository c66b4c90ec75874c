"""What a function should return: declared once, with a tolerance and the legal inputs.

A `Truth` serves in three ways. A fixed case of a check is one line. Each check also draws new
cases from the seed of the run, so an answer that has memorised numbers earns nothing. And if a
check fails, the smallest input on which the answer is wrong can be searched for (see
counterexample.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Union
from zlib import crc32

import numpy as np

from gradekit.grading.call import Called
from gradekit.grading.cases import as_bytes, copy_from
from gradekit.grading.code import built
from gradekit.grading.compare import Kind, Mismatch, assert_close, same
from gradekit.grading.proxy import SubmissionProxy, run_of
from gradekit.grading.shown import show

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

REMEMBERED = 1024  # expected values that one truth keeps; after that it begins again with none
LARGEST_SEED = 2**31

# What counts as a list, a tuple or a dict: a list may stand for a tuple, and so may an array.
KINDS: dict[type, tuple[type, ...]] = {list: (list,), tuple: (tuple, list), dict: (dict,)}

Arguments = tuple[Any, ...]
Whole = tuple[Arguments, dict[str, Any]]  # a case with its keywords, which may be none
Case = Arguments | Whole
Draw = Callable[[np.random.Generator], Case]


class Regime(NamedTuple):
    """The cases of a check: how it draws some, if it does, and those that it always has."""

    draw: Draw | None
    keywords: dict[str, Any]  # passed with every drawn case
    fixed: list[Whole]


# A strategy of cases, or a function that makes one from `hypothesis.strategies`. With a function,
# a grader does not import hypothesis, which takes a tenth of a second.
Inputs = Union[Callable[[Any], "SearchStrategy[Any]"], "SearchStrategy[Any]"]


class Truth:
    """What a function of the submission should return, by an independent formulation.

    Args:
        function: The name of the function that an answer defines.
        expected: Returns the right value for the same arguments. A float64 array, a tensor or a
            float is compared within the tolerance. An int, a bool, a string and None have to be
            equal. Tuples, lists and dicts are compared part by part. If it raises a ValueError,
            TypeError, IndexError or KeyError, the answer has to raise that type, too.
        inputs: A function that makes, from `hypothesis.strategies`, a strategy of tuples of
            arguments, small and plain ones first; or several such functions, the one with the
            smallest inputs first. Only the search for a counterexample uses them.
        rtol, atol: Values agree within `atol + rtol * |expected|`.
        judge: Instead of the tolerance: `judge(actual, expected, *args, **keywords)` raises
            `Mismatch` if the value is wrong.

    Example:
        >>> double = Truth("double", lambda x: 2.0 * x, rtol=1e-12)
        >>> double.compare(3.0, (2.0,), {})
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: expected 4., got 3.
    """

    def __init__(
        self,
        function: str,
        expected: Callable[..., Any],
        *,
        inputs: Inputs | Sequence[Inputs] | None = None,
        rtol: float,
        atol: float = 0.0,
        judge: Callable[..., None] | None = None,
    ) -> None:
        self.function = function
        self.expected = expected
        self.inputs = _in_order(inputs)
        self.rtol, self.atol = rtol, atol
        self._judge = judge
        self._known: dict[bytes, Any] = {}  # expected values, or the error raised instead
        self._graded: dict[bytes, Whole] = {}
        self.regimes: dict[str, dict[str, Regime]] = {}  # by names of the check and of its `draw`
        self._strictest: dict[str, tuple[float, float]] = {}  # tolerances, by the name of the check
        self._drawn: dict[object, list[Whole]] = {}

    def assert_holds(
        self,
        submission: SubmissionProxy,
        cases: Iterable[Case],
        *,
        draw: Draw | None = None,
        draws: int = 2,
        rtol: float | None = None,
        atol: float | None = None,
        unchanged: bool = False,
        **keywords: Any,
    ) -> None:
        """Call the function for `cases` and for `draws` drawn ones; fail at the first wrong value.

        All calls are sent together. The fixed cases come first, because known mistakes are
        recognised by the first case that they fail.

        Args:
            cases: Tuples of positional arguments, or pairs of such a tuple and a dict.
            draw: Makes one case from a generator. Its seed depends on the seed of the run, on the
                check, and on how often the check has drawn.
            rtol, atol: Instead of the truth's own.
            unchanged: Also fail if the function changed an argument. The arguments must not hold
                `Code`: what that builds cannot come back as data.
            **keywords: Passed with every call.

        Example (`submission` returns `2 * x`):
            >>> half = Truth("double", lambda x: x / 2, rtol=1e-12)
            >>> half.assert_holds(submission, [(4.0,)])
            Traceback (most recent call last):
            ...
            gradekit.grading.compare.Mismatch: expected 2., got 8.
        """
        check = run_of(submission).state.name
        self._note_tolerance(check, rtol, atol)
        fixed = [(args, keywords | more) for args, more in map(with_keywords, cases)]
        regimes = self.regimes.setdefault(check, {})
        regimes[getattr(draw, "__qualname__", "")] = Regime(draw, keywords, fixed)
        every = fixed.copy()
        if draw is not None:
            drawn = self._cases_drawn(submission, draw, draws)
            every += [(args, keywords | more) for args, more in drawn]
        returning: list[tuple[Whole, Any]] = []
        raising: list[tuple[Whole, BaseException]] = []
        for case in every:
            value = self._graded_value(case)
            (raising if isinstance(value, BaseException) else returning).append((case, value))
        answers = submission.each_case(self.function, [case for case, _ in returning], unchanged)
        for ((args, more), answer), (_, value) in zip(answers, returning, strict=True):
            if unchanged:
                self.compare_arguments(answer, args, more)
                answer = answer.value
            self._compare(answer, value, args, more, rtol, atol)
        # One by one, because an exception would end a batch of calls.
        for case, error in raising:
            self._assert_raises(submission, type(error), *case)

    def _note_tolerance(self, check: str, rtol: float | None, atol: float | None) -> None:
        known = self.tolerance_of(check)
        given = known[0] if rtol is None else rtol, known[1] if atol is None else atol
        self._strictest[check] = min(known[0], given[0]), min(known[1], given[1])

    def tolerance_of(self, check: str) -> tuple[float, float]:
        """The smallest `rtol` and `atol` that a check has judged with, its own or the truth's."""
        return self._strictest.get(check, (self.rtol, self.atol))

    @property
    def graded(self) -> list[Whole]:
        """The cases that checks have used so far, which must not be shown."""
        return [*self._graded.values()]

    def value(self, args: Arguments, keywords: dict[str, Any]) -> Any:
        """The expected value, or the expected exception; computed once."""
        return self._value_of(as_bytes((args, keywords)))

    def _graded_value(self, case: Whole) -> Any:
        """As `value`, for a case that a check grades with."""
        # The key is the case's bytes: arrays cannot be keys of a dict.
        key = as_bytes(case)
        if len(self._graded) < REMEMBERED:
            self._graded[key] = case
        return self._value_of(key)

    def _value_of(self, key: bytes) -> Any:
        """The expected value for arguments and keywords, given as bytes."""
        if key not in self._known:
            # All at once: to forget the oldest first would need an order, and this is rare.
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            try:
                # From copies: if `expected` changes its arguments, the answer must not see it.
                own_args, own_keywords = built(copy_from(key))
                self._known[key] = self.expected(*own_args, **own_keywords)
            except (ValueError, TypeError, LookupError) as error:
                if type(error).__module__ != "builtins":
                    raise  # the truth itself is wrong: np.linalg.LinAlgError, for example
                self._known[key] = error.with_traceback(None)
        return self._known[key]

    def compare(
        self,
        actual: Any,
        args: Arguments,
        keywords: dict[str, Any],
        *,
        rtol: float | None = None,
        atol: float | None = None,
    ) -> None:
        """Fail with `Mismatch` unless `actual` is right for these arguments.

        `rtol` and `atol` stand in for the truth's own.
        """
        self._compare(actual, self.value(args, keywords), args, keywords, rtol, atol)

    def _compare(
        self,
        actual: Any,
        expected: Any,
        args: Arguments,
        keywords: dict[str, Any],
        rtol: float | None,
        atol: float | None,
    ) -> None:
        if self._judge is not None:
            self._judge(actual, expected, *built(args), **built(keywords))
        else:
            rtol = self.rtol if rtol is None else rtol
            agree(actual, expected, rtol, self.atol if atol is None else atol)

    def compare_arguments(self, called: Called, args: Arguments, keywords: dict[str, Any]) -> None:
        """Fail with `Mismatch` unless the arguments came back bit for bit."""
        if not (same(called.args, args) and same(called.kwargs, keywords)):
            raise Mismatch("it changed its argument in place", kind="changed")

    def _cases_drawn(self, submission: SubmissionProxy, draw: Draw, draws: int) -> list[Whole]:
        """The same cases for all runs with the same seed."""
        # A class shares them, because drawing costs more than grading. The key holds the function
        # itself: two checks may each have a `draw` of the same name.
        key = (draw, draws, *run_of(submission).next_draw())
        if key not in self._drawn:
            if len(self._drawn) >= REMEMBERED:
                self._drawn.clear()
            rng = _generator(*key[2:])
            self._drawn[key] = [with_keywords(draw(rng)) for _ in range(draws)]
        return self._drawn[key]

    def _assert_raises(
        self,
        submission: SubmissionProxy,
        wanted: type[BaseException],
        args: Arguments,
        keywords: dict[str, Any],
    ) -> None:
        try:
            submission.call(self.function, *args, **keywords)
        except wanted as error:
            if hasattr(error, "submission_text"):  # raised by the submission, and not by us
                return
            raise
        text = f"expected {wanted.__name__}, but nothing was raised"
        raise Mismatch(text, kind="not raised")


def _in_order(inputs: Inputs | Sequence[Inputs] | None) -> tuple[Inputs, ...]:
    if inputs is None:
        return ()
    return tuple(inputs) if isinstance(inputs, Sequence) else (inputs,)


def with_keywords(case: Case) -> Whole:
    """A case as arguments and keywords."""
    if len(case) == 2 and isinstance(case[0], tuple) and isinstance(case[1], dict):
        return case[0], case[1]
    return case, {}


def agree(actual: Any, expected: Any, rtol: float, atol: float, where: str = "") -> None:
    """Fail unless `actual` is `expected`, part by part; see `Truth` for what counts as equal.

    Example:
        >>> agree((1.0, [2]), (1.0, [2]), rtol=1e-9, atol=0.0)
        >>> agree((1.0, [2]), (1.0, [3]), rtol=1e-9, atol=0.0)
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: in [1][0]: expected 3, got 2
    """
    if isinstance(expected, tuple) and isinstance(actual, np.ndarray) and actual.ndim:
        actual = [*actual]  # whoever unpacks it sees no difference
    if isinstance(expected, list | tuple | dict):
        if not isinstance(actual, KINDS[type(expected)]):
            wanted = type(expected).__name__
            raise Mismatch(f"expected a {wanted}, got {show(actual)}", _at(where), "type")
        for key, part in _parts(actual, expected, where):
            agree(part, expected[key], rtol, atol, f"{where}[{key!r}]")
        return
    try:
        if isinstance(expected, bool | int | str | None):
            _assert_exactly(actual, expected)
        else:
            assert_close(actual, expected, rtol=rtol, atol=atol)
    except Mismatch as mismatch:
        if where:
            text, deviation = f"in {where}: {mismatch}", mismatch.deviation
            raise Mismatch(text, kind=mismatch.kind, deviation=deviation) from None
        raise


def _assert_exactly(actual: Any, expected: Any) -> None:
    """Fail unless both are the same number, bool, string or None; a NumPy scalar counts as well."""
    if isinstance(actual, np.ndarray | np.generic) and actual.shape == ():
        actual = actual.item()
    # The types, too, because in Python True == 1 == 1.0.
    if type(actual) is not type(expected) or actual != expected:
        kind: Kind = "value" if type(actual) is type(expected) else "type"
        raise Mismatch(f"expected {show(expected)}, got {show(actual)}", kind=kind)


def _at(where: str) -> str | None:
    return f"in {where}" if where else None


def _parts(actual: Any, expected: Any, where: str) -> Iterable[tuple[Any, Any]]:
    """The parts of `actual` by key or position; fail unless `expected` has the same ones."""
    if isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise Mismatch(
                f"expected the keys {show(sorted(expected, key=repr))}, "
                f"got {show(sorted(actual, key=repr))}",
                _at(where),
            )
        return [*actual.items()]
    if len(actual) != len(expected):
        name = type(expected).__name__
        text = f"expected a {name} of {len(expected)}, got {len(actual)}"
        raise Mismatch(text, _at(where), "shape")
    return enumerate(actual)


def rng_of(submission: SubmissionProxy) -> np.random.Generator:
    """A generator for what a check draws: the same for all answers with the same seed.

    Each call in one check gives another generator.

    Example:
        >>> rng_of(submission).normal(size=2).shape
        (2,)
        >>> bool(rng_of(submission).random() == rng_of(submission).random())
        False
    """
    return _generator(*run_of(submission).next_draw())


def seeds_of(submission: SubmissionProxy, count: int) -> list[int]:
    """Seeds below 2**31, from which a probe and the truth can build the same problem.

    Example:
        >>> first, second = seeds_of(submission, 2)
        >>> 0 <= first < 2**31 and first != second
        True
    """
    return [int(seed) for seed in rng_of(submission).integers(LARGEST_SEED, size=count)]


def _generator(seed: int, check: str, number: int) -> np.random.Generator:
    # Not `hash`: it differs between processes, and several of them grade a class.
    return np.random.default_rng([seed, crc32(check.encode()), number])
