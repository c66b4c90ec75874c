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
import sys
import textwrap
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from gradekit.grading.compare import Mismatch
from gradekit.grading.plainer import halves, nudged, regular, rounded
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run
from gradekit.grading.shown import call_as_code, is_tensor, numbers_in, numpy_of, show, show_apart
from gradekit.grading.truth import Arguments, Case, Inputs, Regime, Truth, Whole, with_keywords

CALLS = 300  # of the answer, in one search
FIRST_CALLS = 100  # within which a first wrong value has to be found
FEW_NUMBERS = 6  # that are read at one glance: other inputs are tried where there are more
DRAWN, DRAWN_CALLS = 8, 60  # cases of each regime of a check, and calls with them
COLUMNS, MOST_ROWS = 76, 4  # of two calls: with both values, five lines of a terminal
MOST_LINES, SHORT_BY = 5, 8  # of a terminal; what a line may be shorter by where a word ends it
MOST_PAIRS = 8  # of calls one after the other, each pair in a worker of its own
DRAWN_SEED = 2**40  # larger than the seed of any run, so that no graded case is shown
REGULAR_CALLS = 60  # with long cases made regular
ROUNDED_DIGITS = 5
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
    before: str = ""  # a call that has to be made first

    @property
    def fits(self) -> bool:
        """Whether the message takes no more lines of a terminal than are read at one glance."""
        told = (self.call, f"expected {self.expected}", f"got      {self.got}")
        return sum(map(rows_of, told)) + bool(self.place[0]) <= MOST_LINES

    @property
    def case(self) -> Whole:
        """The arguments and keywords."""
        return self.args, self.keywords


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
        tolerance: tuple[float, float] | None = None,
    ) -> None:
        """Look for small inputs on which the answer departs from `truth` in the way `kind`.

        Args:
            run: A run of the answer, used for nothing else.
            graded: Inputs that must not be shown, as `key_of` has them.
            is_wanted: Asked before each call: whether the result is still of use.
            tolerance: `rtol` and `atol` instead of the truth's own.
        """
        self._tolerance = tolerance
        self._last: Whole | None = None  # that the answer was asked for
        self.pairs: list[tuple[Whole, Whole]] = []  # a case, and the wrong one right after it
        self._truth, self._run, self._graded = truth, run, graded
        self._is_wanted = is_wanted
        self._arguments_too = kind == "changed"
        self._first_kind = self._kind = kind
        self._seen: set[str] = set()  # kinds of faults that were met, wanted or not
        self._submission = SubmissionProxy(Current(run))
        self._calls, self._most = 0, CALLS
        self._smallest: tuple[bool, int, int] | None = None
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
                if self._smallest is not None and self._smallest <= (
                    False,
                    FEW_NUMBERS,
                    sys.maxsize,
                ):
                    return self._best
                if self._best is not None:  # what comes next may have smaller ones
                    self._most = min(self._most, self._calls + FIRST_CALLS)
            if self._best is not None:
                return self._best
        return None

    def near(self, regimes: Sequence[Regime]) -> Found | None:
        """A wrong input like those of a check, with as few rows and digits as possible.

        For what no small input shows: numbers of another size, more dimensions, many rows. None
        as well where it would be too long to be read.

        Args:
            regimes: The cases of the check, which are never shown themselves.
        """
        self._most = self._calls + DRAWN_CALLS
        with contextlib.suppress(_Spent):
            for kind in self._kinds():
                wrong = [case for case in _drawn(regimes) if self._is_wrong_for(kind)(case)]
                if wrong:
                    self._simplify(min(wrong, key=numbers_in))
                    break
        if self._best and self._best.fits:
            return self._best
        cases = [self._best.case] if self._best else []
        return self._regular([*cases, *(case for each in regimes for case in each.fixed)])

    def _regular(self, cases: Sequence[Whole]) -> Found | None:
        """A wrong input like one of `cases`, whose arrays are regular and so have short code."""
        self._most = self._calls + REGULAR_CALLS
        with contextlib.suppress(_Spent):
            for kind in self._kinds():
                for case in filter(self._departs, cases):
                    for other in regular(case):
                        if found := self._readable(other, kind):
                            return found
        return None

    def _readable(self, case: Whole, kind: str) -> Found | None:
        """What comes of this case, if the answer is wrong on it in that way, and it can be read."""
        self._smallest = None
        if not self._is_wrong_for(kind)(case) or not (found := self._best):
            return None
        self._simplify(found.case)
        good = (each for each in (self._best, found) if each.fits and self._is_sound(each.case))
        return next(good, None)

    def _is_sound(self, case: Whole) -> bool:
        """Whether what is expected is no rounding error: where equal numbers cancel, it may be."""
        expected = self._truth.value(*case)
        if isinstance(expected, BaseException):
            return True
        try:
            self._truth.compare(self._truth.value(*nudged(case)), *case)
        except Exception:  # another value, an error instead of one, or none at all
            return False
        return True

    def _departs(self, case: Whole) -> bool:
        """Whether the answer fails a case of its check, which is never shown itself."""
        fault = self._fault(*case)
        return fault is not None and fault.kind == self._first_kind

    def _simplify(self, case: Case) -> None:
        """Take away rows and columns, then digits, as long as the answer stays wrong."""
        while (smaller := next(filter(self._is_wrong, halves(case)), None)) is not None:
            case = smaller
        for digits in range(1, ROUNDED_DIGITS + 1):
            if self._is_wrong(rounded(case, digits)):
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
        if key_of(args, keywords) in self._graded or not self._has_value(args, keywords):
            self._spend()
            return False
        fault = self._fault(args, keywords)
        last, self._last = self._last, (args, keywords)
        if fault is None:
            return False
        if last is not None:
            self.pairs.append((last, (args, keywords)))
        self._seen.add(fault.kind)
        # Shrinking may slip from one fault into another one: from a wrong value to an exception on
        # empty input, say, which the contract may not even promise anything about.
        if fault.kind != self._kind:
            return False
        call = call_as_code(self._truth.function, args, keywords)
        # After what fits on the screen, as few numbers as possible, then as short a text:
        # hypothesis minimises its own choices, which is not the same for all strategies.
        found = Found(call, fault.expected, fault.got, args, keywords, fault.place)
        size = not found.fits, numbers_in((args, keywords)), len(call)
        if self._smallest is None or size < self._smallest:
            self._smallest, self._best = size, found
        return True

    def _fault(self, args: Arguments, keywords: dict[str, Any]) -> Fault | None:
        """What is wrong with the answer on this input; None if nothing is."""
        self._spend()
        self._run.begin_check(f"counterexample {self._calls}")
        return fault_of(
            self._truth, self._submission, args, keywords, self._arguments_too, self._tolerance
        )

    def _spend(self) -> None:
        """Count a call. Ends the search where there are no more, or nobody waits for it."""
        # Asked before each call, because `kit watch` may have a newer answer to grade by now.
        if self._calls >= self._most or not self._is_wanted():
            raise _Spent
        self._calls += 1

    def _has_value(self, args: Arguments, keywords: dict[str, Any]) -> bool:
        """Whether the contract says what comes out: a shrunk or rounded input may have left it."""
        try:
            self._truth.value(args, keywords)
        except Exception:
            return False
        return True


def _drawn(regimes: Sequence[Regime]) -> Iterator[Case]:
    """A few cases of each regime, always the same, which no run grades with."""
    for number in range(DRAWN):
        for regime in regimes:
            if regime.draw is None:
                continue
            rng = np.random.default_rng([DRAWN_SEED, number])
            args, keywords = with_keywords(regime.draw(rng))
            yield args, keywords | regime.keywords


def fault_of(
    truth: Truth,
    submission: SubmissionProxy,
    args: Arguments,
    keywords: dict[str, Any],
    arguments_too: bool = False,
    tolerance: tuple[float, float] | None = None,
) -> Fault | None:
    """How the answer departs from the truth for these arguments; None if it does not.

    Args:
        arguments_too: Look at the arguments instead of the value.
        tolerance: `rtol` and `atol` instead of the truth's own.
    """
    rtol, atol = tolerance or (None, None)
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
        said = without_middle(said, call_as_code(truth.function, args, keywords))
        return Fault(f"raised {name}", wanted, said, getattr(error, "submission_place", (0, "")))
    if raises:
        value = answer.value if arguments_too else answer
        return Fault("not raised", raises, f"{show(value)}, and nothing was raised")
    try:
        if arguments_too:
            truth.compare_arguments(answer, args, keywords)
        else:
            truth.compare(answer, args, keywords, rtol=rtol, atol=atol)
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
    is_short = max(map(len, shown)) <= LINE_CHARACTERS
    told = MISMATCH.fullmatch(str(mismatch))
    if told is None or (not is_of_kind and is_short):
        return shown
    where = f" in {told[1]}" if told[1] else ""
    one = told[2] + where, told[3]
    if not is_of_kind and max(map(len, one)) > LINE_CHARACTERS:
        return _one_entry(expected, got) or one
    return one


def _one_entry(expected: Any, got: Any) -> tuple[str, str] | None:
    """The entry of an array that is farthest off, with its place; None where that says nothing."""
    wanted, actual = numpy_of(expected), numpy_of(got)
    arrays = isinstance(wanted, np.ndarray) and isinstance(actual, np.ndarray)
    if not arrays or wanted.shape != actual.shape or wanted.dtype.kind not in "fiub":
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(actual.astype(float) - wanted.astype(float))
    off[np.isnan(off)] = np.inf
    off[(actual == wanted) | (np.isnan(actual) & np.isnan(wanted))] = 0.0
    place = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
    left, right = show_apart(wanted[place], actual[place])
    return (f"{left} at {[*place]}", right) if left != right else None


def _in_one_line(value: Any) -> str:
    """A value, or its shape where the value takes more than a line."""
    text = show(value)
    if len(text) <= LINE_CHARACTERS or not hasattr(value, "shape"):
        return text
    return f"values of shape {tuple(value.shape)}"


def without_middle(said: str, call: str) -> str:
    """What was raised, as long as it fits below a call: NumPy tells how it is built, then sizes."""
    rows = max(MOST_LINES - 2 - rows_of(call), 1)  # one is for what is expected, one for the line
    room = rows * COLUMNS - len("got      ") - (rows - 1) * SHORT_BY
    if len(said) > room:  # the call above names the function that Python names here
        said = said.replace(f": {call.partition('(')[0]}() ", ": ", 1)
    if len(said) <= room:
        return said
    head, tail = said[: room // 2], said[len(said) - room // 2 + len(" ... ") :]
    return f"{head.rpartition(' ')[0] or head} ... {tail.partition(' ')[2] or tail}"


def rows_of(text: str) -> int:
    """The lines of a terminal that a text of one line takes."""
    return len(textwrap.wrap(text, COLUMNS, break_on_hyphens=False))


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
