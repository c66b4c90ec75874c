"""`@check`: which function a test judges, what it is worth, and the question that helps."""

from __future__ import annotations

import pytest


def check(function: str, *, points: float, hint: str) -> pytest.MarkDecorator:
    """Mark a test of a grader file as a check.

    The test's name is the mistake that it catches, its docstring what should be true.

    Args:
        function: The function of the submission that the check judges.
        points: What passing is worth; the checks of one exercise add up to 10.
        hint: A question that leads to the mistake without naming the answer.
    """
    return pytest.mark.check(function=function, points=points, hint=hint)
