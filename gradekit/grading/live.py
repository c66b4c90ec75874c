"""What a check of an exercise with handles may ask for beside the submission's names."""

from __future__ import annotations

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
