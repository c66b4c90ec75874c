"""`@check`: which function a test judges, what it is worth, and the question that helps."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import pytest


def check(
    function: str,
    *,
    points: float,
    hint: str = "",
    inputs: Callable[[Any], Any] | None = None,
    manual: bool = False,
    afresh: bool = False,
) -> pytest.MarkDecorator:
    """Mark a test of a grader file as a check.

    The test's name is the mistake that it catches, its docstring what should be true.

    Args:
        function: The function of the submission that the check judges.
        points: What passing is worth; the checks of one exercise add up to 10.
        hint: A question that leads to the mistake without naming the answer.
        inputs: Where a counterexample is to be looked for when this check fails, if not in the
            `inputs` of the function's `Truth`.
        manual: A person marks it, such as a text: the test is never run, and waits for a mark.
            Learners read the first paragraph of its docstring; below it stands what earns points.
        afresh: An answer that may keep something of earlier checks is loaded anew before it.

    Example:
        >>> @check("double", points=2, hint="What is twice a negative number?")
        ... def test_returns_the_magnitude(submission):
        ...     '''Twice a negative number is negative.'''
        ...     assert submission.double(-3) == -6
        >>> test_returns_the_magnitude.pytestmark[0].kwargs["points"]
        2
    """
    # Here, where a traceback still says in which line of the grader it stands.
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < inf:
        raise ValueError(f"points={points!r} of a check of `{function}` is no number of points")
    for name, text in (("function", function), ("hint", hint)):
        if not isinstance(text, str):
            raise TypeError(f"{name}={text!r} of a check is no text")
    # A mark and no decorator of our own: any tool that knows pytest can run a grader's file.
    return pytest.mark.check(
        function=function, points=points, hint=hint, inputs=inputs, manual=manual, afresh=afresh
    )


class PartialCredit(AssertionError):
    """What a check raises that earns a part of its points.

    It fails, so the learner reads why; the points that it earned are counted.
    """

    def __init__(self, points: float, why: str = "") -> None:
        super().__init__(why or f"it earns {points:g} of the points")
        self.points = points
