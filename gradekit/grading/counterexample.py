"""The smallest input on which an answer is wrong, for whoever is going to read it.

A check says that something is wrong with numbers that it must not give away. This looks for
another input, one that nobody grades with: hypothesis draws legal inputs as the function's
`Truth` declares them, and shrinks the first one on which the answer departs from the truth in
the same way as in the failed check. It is sought after the verdict, in a worker of its own,
and never part of a judgement.

The search is bounded by a number of calls and not by time, so that equal answers get equal
counterexamples on machines of any speed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable
from random import Random
from typing import Any, NamedTuple

import numpy as np

from gradekit.grading.compare import Mismatch
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run
from gradekit.grading.shown import call_as_code, is_tensor, show, show_apart
from gradekit.grading.truth import Arguments, Inputs, Truth, with_keywords

CALLS = 300  # of the answer, in one search
FIRST_CALLS = 120  # within which a first wrong value has to be found


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


def smallest(
    truth: Truth,
    inputs: Iterable[Inputs],
    run: Run,
    kind: str,
    graded: Container[str] = (),
    is_wanted: Callable[[], bool] = lambda: True,
) -> Found | None:
    """Look for a small input on which the answer departs from `truth` in the way `kind`.

    Args:
        inputs: As those of a `Truth`, in the order in which they are to be tried.
        run: A run of the answer, used for nothing else.
        graded: Inputs that must not be shown, as `key_of` has them.
        is_wanted: Asked before each call: whether anybody still waits for it.
    Returns:
        The smallest input that was found; None if none was.
    """
    from hypothesis import HealthCheck, Phase, find, settings, strategies
    from hypothesis.errors import HypothesisException

    search = _Search(truth, run, kind, graded, is_wanted)
    options = settings(
        max_examples=FIRST_CALLS,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[*HealthCheck],
    )
    for each in inputs:
        strategy: Any = each(strategies) if callable(each) else each
        # However the search ends, the smallest wrong input so far stands in `best`.
        with contextlib.suppress(HypothesisException, _Spent):
            find(strategy, search.is_wrong, settings=options, random=Random(0))
        if search.best is not None:
            break
    return search.best


class _Spent(BaseException):
    """The calls of a search are used up; no `Exception`, which hypothesis would look into."""


class _Search:
    """Asks the answer for one input after the other, and keeps the smallest wrong one."""

    def __init__(
        self,
        truth: Truth,
        run: Run,
        kind: str,
        graded: Container[str],
        is_wanted: Callable[[], bool],
    ) -> None:
        self._truth, self._run, self._kind, self._graded = truth, run, kind, graded
        self._is_wanted = is_wanted
        self._submission = SubmissionProxy(Current(run))
        self._calls = 0
        self._smallest: tuple[int, int] | None = None
        self.best: Found | None = None

    def is_wrong(self, case: Any) -> bool:
        args, keywords = with_keywords(case)
        if self._calls >= CALLS or not self._is_wanted():
            raise _Spent
        self._calls += 1
        if key_of(args, keywords) in self._graded:
            return False
        self._run.begin_check(f"counterexample {self._calls}")
        fault = fault_of(self._truth, self._submission, args, keywords, self._kind == "changed")
        if fault is None or fault.kind != self._kind:
            return False
        call = call_as_code(self._truth.function, args, keywords)
        size = numbers_in((args, keywords)), len(call)
        if self._smallest is None or size < self._smallest:
            self._smallest = size
            self.best = Found(call, fault.expected, fault.got, args, keywords, fault.place)
        return True


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
    wanted = raises or show(expected)
    try:
        cases = [(args, keywords)]
        ((_, answer),) = submission.each_case(truth.function, cases, arguments_too)
    except SubmissionError as error:
        return Fault("lost" if error.ending != "finished" else "refused", wanted, str(error))
    except Exception as error:
        text = getattr(error, "submission_text", None)
        if text is None:
            raise  # ours
        if type(error).__name__ == raises:
            return None
        name = type(error).__name__
        said = f"{name}: {error}" if str(error) else name
        return Fault(f"raised {name}", wanted, said, getattr(error, "submission_place", (0, "")))
    if raises:
        return Fault("value", raises, f"{show(answer)}, and nothing was raised")
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
    """Expected and got, in the words of the comparison where it has found a difference of kind."""
    if mismatch.kind in ("type", "shape", "dtype"):
        wanted, comma, other = str(mismatch).partition(", got ")
        if comma:
            return wanted.removeprefix("expected "), other
    return show_apart(expected, got)


def key_of(args: Arguments, keywords: dict[str, Any]) -> str:
    """What two inputs of the same numbers have in common, be they lists, arrays or tensors."""
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
    """How many numbers a reader has to look at."""
    if is_tensor(value):
        return int(value.numel())
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        return sum(map(numbers_in, value))
    return 1
