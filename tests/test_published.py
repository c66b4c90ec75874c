"""The functions as commonly published fail where the contract says, and are told why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gradekit.grading.session import Session
from gradekit.submission import read

BANK = Path(__file__).resolve().parent / "bank"

# exercise, wrong file, a check that must fail, words that its message or hint must have
PUBLISHED = [
    ("05_softmax", "first_axis_by_default", "test_normalizes_the_wrong_axis_by_default", "got"),
    ("09_cross_entropy", "only_class_one_counts", "class", "got"),
    ("12_normalization", "divides_zero_by_zero", "constant", "got"),
    ("20_safe_training_step", "checks_only_the_loss",
     "test_steps_on_a_non_finite_gradient", "norm"),
    ("20_safe_training_step", "nan_batch_in_batchnorm",
     "test_lets_a_bad_batch_into_batchnorm", "NaN"),
    ("20_safe_training_step", "squeezes_to_scalar", "test_squeezes_a_batch_of_one", "squeeze"),
    ("21_temperature_calibration", "fifty_lbfgs_iterations_at_a_hundredth", "temperature", "1.1"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "mistake", "check", "words"), PUBLISHED)
def test_published_mistake_loses_its_check_and_says_why(
    session_of: Callable[[str], Session], exercise: str, mistake: str, check: str, words: str
) -> None:
    """A well-known wrong answer fails the check made for it, in words that explain it."""
    path = BANK / f"exercise_{exercise}" / "wrong" / f"{mistake}.py"
    failed = session_of(exercise).grade(read(path)).failed
    told = [f"{each.name} {each.title} {each.message} {each.hint}" for each in failed]
    assert any(check in text and words in text for text in told), told
