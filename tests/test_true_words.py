"""What graders of training say is true of the answer that they say it of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradekit.course import Course
from gradekit.grading.session import Session
from gradekit.report import Report
from gradekit.submission import read


@pytest.fixture
def reports(course: Course, session_of: Callable[[str], Session]) -> Callable[..., list[Report]]:
    """The reports of wrong answers of the bank."""

    def graded(exercise: str, *names: str) -> list[Report]:
        session = session_of(exercise)
        paths = [course.bank / session.exercise.name / "wrong" / f"{name}.py" for name in names]
        return [session.grade(read(path)) for path in paths]

    return graded


def test_a_nan_batch_is_not_called_a_good_one_that_moved_nothing(
    reports: Callable[..., list[Report]],
) -> None:
    """Where a NaN batch has ruined the parameters, that is what the message is about."""
    (report,) = reports("20", "no_finite_check")
    messages = [check.message for check in report.failed]
    assert messages and not any("good batch" in message for message in messages)
    assert "never looks whether" in report.behaves_like["safe_training_step"]


def test_a_temperature_is_told_what_the_loss_shows_and_no_more(
    reports: Callable[..., list[Report]],
) -> None:
    """How a search ended is not guessed: early, at a bound, or on another loss."""
    names = ("fifty_lbfgs_iterations_at_a_hundredth", "grid_stops_at_ten", "always_one")
    for report in reports("21", *names):
        failed = {check.name: check for check in report.failed}
        message = failed["test_misses_very_high_or_low_temperatures"].message
        assert "still falling towards" in message
        assert "too early" not in message and "elsewhere" not in message
    assert {check.function for check in report.failed} == {"calibrate_temperature"}
    earned = [c.score for c in report.checks if c.function == "calibrate_temperature"]
    assert sum(earned) == 0  # a temperature of 1, whatever comes
