"""The trusted side: hidden checks, expected values and scores live here and stay here.

What a grader file imports comes from this package. Each example in a docstring is run by
tests/test_examples.py.
"""

from gradekit.grading.afresh import assert_afresh
from gradekit.grading.checks import check
from gradekit.grading.code import Code
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
)
from gradekit.grading.layouts import assert_any_layout
from gradekit.grading.shown import show
from gradekit.grading.traces import assert_no_traces, assert_roughly
from gradekit.grading.truth import Truth, agree, rng_of, seeds_of

__all__ = [
    "Code",
    "Mismatch",
    "Truth",
    "agree",
    "assert_afresh",
    "assert_any_layout",
    "assert_array",
    "assert_close",
    "assert_equal",
    "assert_no_traces",
    "assert_number",
    "assert_python_float",
    "assert_roughly",
    "assert_tensor",
    "assert_unchanged",
    "check",
    "each_unchanged",
    "expect",
    "rng_of",
    "same",
    "seeds_of",
    "show",
]
