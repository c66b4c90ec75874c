"""The trusted side: hidden checks, expected values and scores live here and stay here.

What a grader file imports comes from this package.
"""

from gradekit.grading.afresh import assert_afresh
from gradekit.grading.checks import check
from gradekit.grading.compare import (
    Mismatch,
    assert_array,
    assert_close,
    assert_equal,
    assert_number,
    assert_python_float,
    assert_tensor,
    assert_unchanged,
    each_unchanged,
    expect,
    same,
    show,
)

__all__ = [
    "Mismatch",
    "assert_afresh",
    "assert_array",
    "assert_close",
    "assert_equal",
    "assert_number",
    "assert_python_float",
    "assert_tensor",
    "assert_unchanged",
    "check",
    "each_unchanged",
    "expect",
    "same",
    "show",
]
