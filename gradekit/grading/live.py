"""What a check of an exercise with handles may ask for beside the submission's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradekit.grading.proxy import SubmissionProxy, run_of


def module_of(submission: SubmissionProxy) -> Any:
    """A handle on the answer's module: each attribute is the answer's, and can be set.

    Example (`submission` reads its global variable `factor`):
        >>> module_of(submission).factor = 5
        >>> submission.double(3)
        15
    """
    return run_of(submission).variable(None)


def ask_unseen(
    submission: SubmissionProxy, function: Callable[..., Any], args: tuple[Any, ...], what: str
) -> Any:
    """Run a function in the worker, for an imported test, as an object of the answer's is asked.

    Not by `probe` of the submission: the test's surroundings look at what the handles ask.

    Args:
        args: What it gets after the answer.
        what: How messages call it.
    """
    objects = run_of(submission).attempt.objects
    assert objects is not None, "only checks with handles have objects to ask"
    return objects.ask("probe", [function, args], what)
