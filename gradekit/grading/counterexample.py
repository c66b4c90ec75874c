"""The smallest input on which an answer is wrong, to show to its author.

A check fails on inputs that must stay hidden. This looks for another input, with which nobody is
graded: hypothesis draws legal inputs as the function's `Truth` declares them, and shrinks the
first one on which the answer differs from the truth in the same way as in the failed check. The
search is made after the verdict, in a worker of its own, and changes no score.

The search is bounded by a number of calls and not by time, so that equal answers get equal
counterexamples on machines of any speed.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from gradekit.grading.compare import Mismatch
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run
from gradekit.grading.shown import call_as_code, is_tensor, show, show_apart
from gradekit.grading.truth import Arguments, Case, Inputs, Regime, Truth, with_keywords

CALLS = 300  # of the answer, in one search
FIRST_CALLS = 100  # within which a first wrong value has to be found
DRAWN, DRAWN_CALLS = 8, 40  # cases of each regime of a check, and calls with them
CALL_CHARACTERS = 228  # of a drawn case: three lines
DRAWN_SEED = 2**40  # larger than the seed of any run, so that no graded case is shown
ROUNDED_DIGITS = 3
LINE_CHARACTERS = 70  # of a value, beyond which one of its entries says more
MISMATCH = re.compile(r"(?:in (.+?): )?expected (.+), got (.+)")
# What differs at the tenth digit of large numbers may differ at the first of small ones.
RELATED = {"rounding": "value", "value": "rounding"}


class Found(NamedTuple):
    """A call on which the answer is wrong, as text and as values."""

    call: str  # can be pasted into Python
    expected: str
    got: str
    args: Arguments
    keywords: dict[str, Any]
    place: tuple[int, str]  # the line of the answer that raised, and its text; or 0


class Fault(NamedTuple):
    """How an answer departs from the truth on one input."""

    kind: str  # one of `compare.Kind`, "raised NAME", or "lost" for an ended worker
    expected: str
    got: str
    place: tuple[int, str] = (0, "")


class _Spent(BaseException):
    """The calls of a search are used up.

    A BaseException: hypothesis would take an Exception for a failing example, and go on with it.
    """


class Search:
    """Asks the answer for one input after the other, and keeps the smallest wrong one."""

    def __init__(
        self,
        truth: Truth,
        run: Run,
        kind: str,
        graded: Container[str] = (),
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Look for small inputs on which the answer departs from `truth` in the way `kind`.

        Args:
            run: A run of the answer, used for nothing else.
            graded: Inputs that must not be shown, as `key_of` has them.
            is_wanted: Asked before each call: whether the result is still of use.
        """
        self._truth, self._run, self._graded = truth, run, graded
        self._is_wanted = is_wanted
        self._arguments_too = kind == "changed"
        self._first_kind = self._kind = kind
        self._seen: set[str] = set()  # kinds of faults that were met, wanted or not
        self._submission = SubmissionProxy(Current(run))
        self._calls, self._most = 0, CALLS
        self._smallest: tuple[int, int] | None = None
        self._best: Found | None = None

    def among(self, inputs: Iterable[Inputs]) -> Found | None:
        """The smallest wrong input that was found; None if none was.

        Args:
            inputs: As those of a `Truth`, in the order in which they are to be tried.
        """
        from hypothesis import HealthCheck, Phase, find, settings, strategies
        from hypothesis.errors import HypothesisException

        options = settings(
            max_examples=FIRST_CALLS,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            # Some health checks measure time: on a busy machine they would end a search
            # that succeeds elsewhere, and equal answers would get unequal reports.
            suppress_health_check=[*HealthCheck],
        )
        every: list[Any] = [each(strategies) if callable(each) else each for each in inputs]
        for kind in self._kinds():
            for strategy in every:
                # However the search ends, `_best` has the smallest wrong input so far. The same
                # Random each time, and no database: equal answers get equal counterexamples.
                with contextlib.suppress(HypothesisException, _Spent), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of hypothesis, to authors
                    find(strategy, self._is_wrong_for(kind), settings=options, random=Random(0))
                if self._best is not None:
                    return self._best
        return None

    def near(self, regimes: Sequence[Regime]) -> Found | None:
        """A wrong input like those that a check draws, with as few rows and digits as possible.

        For what no small input shows: numbers of another size, more dimensions. None as well
        where it would be too long to be read.
        """
        self._most = self._calls + DRAWN_CALLS
        with contextlib.suppress(_Spent):
            for kind in self._kinds():
                wrong = [case for case in _drawn(regimes) if self._is_wrong_for(kind)(case)]
                if wrong:
                    self._simplify(min(wrong, key=numbers_in))
                    break
        return self._best if self._best and len(self._best.call) <= CALL_CHARACTERS else None

    def _simplify(self, case: Case) -> None:
        """Take away rows, then digits, as long as the answer stays wrong."""
        while (shorter := fewer_rows(case)) is not None and self._is_wrong(shorter):
            case = shorter
        for digits in range(1, ROUNDED_DIGITS + 1):
            if self._is_wrong(plainer(case, digits)):
                return

    def _kinds(self) -> Iterator[str]:
        """The kind of fault that is wanted; then a related one, if it occurred."""
        yield self._first_kind
        if (related := RELATED.get(self._first_kind)) in self._seen:
            yield str(related)

    def _is_wrong_for(self, kind: str) -> Callable[[Any], bool]:
        self._kind = kind
        return self._is_wrong

    def _is_wrong(self, case: Any) -> bool:
        args, keywords = with_keywords(case)
        # Asked before each call, because `kit watch` may have a newer answer to grade by now.
        if self._calls >= self._most or not self._is_wanted():
            raise _Spent
        self._calls += 1
        if key_of(args, keywords) in self._graded:
            return False
        self._run.begin_check(f"counterexample {self._calls}")
        fault = fault_of(self._truth, self._submission, args, keywords, self._arguments_too)
        if fault is None:
            return False
        self._seen.add(fault.kind)
        # Shrinking may slip from one fault into another one: from a wrong value to an exception on
        # empty input, say, which the contract may not even promise anything about.
        if fault.kind != self._kind:
            return False
        call = call_as_code(self._truth.function, args, keywords)
        # First as few numbers as possible, then as short a text: hypothesis minimises its own
        # choices, which is not the same for all strategies.
        size = numbers_in((args, keywords)), len(call)
        if self._smallest is None or size < self._smallest:
            self._smallest = size
            self._best = Found(call, fault.expected, fault.got, args, keywords, fault.place)
        return True


def _drawn(regimes: Sequence[Regime]) -> Iterator[Case]:
    """A few cases of each regime, always the same, which no run grades with."""
    for number in range(DRAWN):
        for regime in regimes:
            rng = np.random.default_rng([DRAWN_SEED, number])
            args, keywords = with_keywords(regime.draw(rng))
            yield args, keywords | regime.keywords


def fewer_rows(case: Case) -> Case | None:
    """The case with half of its rows, in all arrays that have as many; None where one is left."""
    args, keywords = with_keywords(case)
    sizes = [len(each) for each in args if _has_rows(each)]
    if not sizes or sizes[0] < 2:
        return None
    # All arrays with that many rows, since they belong together, as images and their labels do.
    cut = (sizes[0] + 1) // 2

    def rows(value: Any) -> Any:
        if not _has_rows(value) or len(value) != sizes[0]:
            return value
        return value[:cut].clone() if is_tensor(value) else value[:cut].copy()

    return tuple(map(rows, args)), {key: rows(value) for key, value in keywords.items()}


def _has_rows(value: Any) -> bool:
    return (isinstance(value, np.ndarray) or is_tensor(value)) and bool(value.ndim)


def plainer(value: Any, digits: int) -> Any:
    """`value` with its floats rounded to so many digits, except shares that add up to 1.

    Rounded, those would add up to something else, and might be no legal input any more.
    """
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, list | tuple):
        return type(value)(plainer(each, digits) for each in value)
    if isinstance(value, dict):
        return {key: plainer(each, digits) for key, each in value.items()}
    if is_tensor(value) and value.is_floating_point() and not value.requires_grad:
        return value.new_tensor(plainer(value.double().numpy(), digits))
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
        return value
    if value.ndim and np.allclose(value.sum(axis=-1), 1.0):
        return value
    rounded = [float(f"{each:.{digits}g}") for each in value.ravel()]
    return np.array(rounded, dtype=value.dtype).reshape(value.shape)


def fault_of(
    truth: Truth,
    submission: SubmissionProxy,
    args: Arguments,
    keywords: dict[str, Any],
    arguments_too: bool = False,
) -> Fault | None:
    """How the answer departs from the truth for these arguments; None if it does not.

    Args:
        arguments_too: Look at the arguments instead of the value.
    """
    expected = truth.value(args, keywords)
    raises = type(expected).__name__ if isinstance(expected, BaseException) else ""
    wanted = raises or _in_one_line(expected)
    try:
        cases = [(args, keywords)]
        ((_, answer),) = submission.each_case(truth.function, cases, arguments_too)
    except SubmissionError as error:
        return Fault("lost" if error.ending != "finished" else "refused", wanted, str(error))
    except Exception as error:
        text = getattr(error, "submission_text", None)
        if text is None:
            raise  # an error of the kit's own, not of the answer
        if type(error).__name__ == raises:
            return None
        name = type(error).__name__
        said = f"{name}: {error}" if str(error) else name
        return Fault(f"raised {name}", wanted, said, getattr(error, "submission_place", (0, "")))
    if raises:
        value = answer.value if arguments_too else answer
        return Fault("not raised", raises, f"{show(value)}, and nothing was raised")
    try:
        if arguments_too:
            truth.compare_arguments(answer, args, keywords)
        else:
            truth.compare(answer, args, keywords)
    except Mismatch as mismatch:
        if arguments_too:
            changed = call_as_code("", answer.args, answer.kwargs)
            return Fault("changed", "the arguments as they were", f"{changed} after the call")
        return Fault(mismatch.kind, *_told(expected, answer, mismatch))
    return None


def _told(expected: Any, got: Any, mismatch: Mismatch) -> tuple[str, str]:
    """Expected and got, in the comparison's own words where these say more, or are shorter."""
    shown = show_apart(expected, got)
    is_of_kind = mismatch.kind in ("type", "shape", "dtype")
    told = MISMATCH.fullmatch(str(mismatch))
    if told is None or (not is_of_kind and max(map(len, shown)) <= LINE_CHARACTERS):
        return shown
    where = f" in {told[1]}" if told[1] else ""
    return f"{told[2]}{where}", told[3]


def _in_one_line(value: Any) -> str:
    """A value, or its shape where the value takes more than a line."""
    text = show(value)
    if len(text) <= LINE_CHARACTERS or not hasattr(value, "shape"):
        return text
    return f"values of shape {tuple(value.shape)}"


def key_of(args: Arguments, keywords: dict[str, Any]) -> str:
    """A key that is equal for inputs of equal numbers, be they lists, arrays or tensors."""
    return repr(_plain((args, keywords)))


def _plain(value: Any) -> Any:
    if is_tensor(value):
        value = value.detach().tolist()
    elif isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return float(value) if isinstance(value, int | float) else value


def numbers_in(value: Any) -> int:
    """How many numbers a reader has to look at; truth values, as of masks, are none."""
    if is_tensor(value):
        return 0 if str(value.dtype) == "torch.bool" else int(value.numel())
    if isinstance(value, np.ndarray | np.generic):
        return 0 if value.dtype == np.bool_ else value.size
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        return sum(map(numbers_in, value))
    return int(isinstance(value, int | float | complex) and not isinstance(value, bool))
