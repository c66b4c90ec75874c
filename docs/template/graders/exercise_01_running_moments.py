"""The hidden checks of exercise 01.

Truth is the definition over all rows at once, in fractions: exact, whatever the numbers.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from gradekit.grading import assert_close, check

READINGS = np.loadtxt(Path(__file__).parents[1] / "exercises/readings.csv",
                      delimiter=",", skiprows=1)
# Three columns unlike one another; no batch as long as another, none as long as D.
BATCHES = [
    np.array([[0.5, -8.0, 3.0], [2.0, 1.0, 5.0], [-1.5, 4.0, 3.5], [0.25, 2.0, 3.0]]),
    np.array([[7.0, -2.0, 9.0]]),
    np.array([[1.0, 0.0, 2.5], [-3.0, 6.0, 8.0]]),
]


def by_definition(batches):
    """Mean and mean squared distance from it, column by column."""
    columns = np.concatenate(batches).T.tolist()
    exact = [[Fraction(entry) for entry in column] for column in columns]
    means = [sum(column) / len(column) for column in exact]
    variances = [
        sum((entry - mean) ** 2 for entry in column) / len(column)
        for column, mean in zip(exact, means, strict=True)
    ]
    return np.array([float(mean) for mean in means]), np.array([float(v) for v in variances])


def moments_of(submission, batches):
    """An object of the answer that has seen these batches."""
    moments = submission.RunningMoments()
    for batch in batches:
        moments.update(batch)
    return moments


@check("RunningMoments", points=2, hint="One batch has four rows, another has one. How much "
                                        "should each of the two means count?")
def test_averages_the_means_of_the_batches(submission):
    """The mean counts every row once, however the rows are cut into batches."""
    for batches in (BATCHES, BATCHES[::-1], [READINGS[:7], READINGS[7:]]):
        mean = moments_of(submission, batches).mean
        assert_close(mean, by_definition(batches)[0], rtol=1e-12)  # sums of 60 err by 1e-14


@check("RunningMoments", points=2, hint="Take a single batch of two rows, 1 and 3. What does the "
                                        "docstring divide by, and what do you?")
def test_divides_by_something_other_than_the_rows(submission):
    """The variance is the mean squared distance from the mean of all rows."""
    for batches in (BATCHES, BATCHES[::-1], BATCHES[:1], BATCHES[1:2], [READINGS]):
        variance = moments_of(submission, batches).variance
        assert_close(variance, by_definition(batches)[1], rtol=1e-11)  # sound ones: 1e-15


@check("RunningMoments", points=2, hint="(10**6) ** 2 has thirteen digits and float64 about "
                                        "sixteen. How many are left for a variance near 1?")
def test_subtracts_two_large_numbers(submission):
    """A mean a million times the spread costs the variance no digits that matter."""
    batches = [batch + 2.0**22 for batch in BATCHES]  # exact: the fractions have few bits
    variance = moments_of(submission, batches).variance
    assert_close(variance, by_definition(batches)[1],
                 rtol=1e-6)  # updating formulas err by 5e-11; the difference of squares by 3e-4


@check("RunningMoments", points=1, hint="In which type do you add? What is 200 + 100 in uint8?")
def test_computes_in_the_type_of_the_batch(submission):
    """Lists, small integers and float32 give the same as the numbers they hold."""
    small = [np.array([[200, 3], [100, 250]], dtype=np.uint8), np.array([[255, 0]], np.uint8)]
    single = [np.array([[2**24, 0.1], [1, 0.2], [1, 0.3]], np.float32)]  # 2**24 + 1 is no float32
    for batches in (small, single, [[[200, 3], [100, 250]], [[255, 0]]]):
        moments = moments_of(submission, batches)
        assert_close(moments.mean, by_definition(batches)[0], rtol=1e-12)
        assert_close(moments.variance, by_definition(batches)[1], rtol=1e-11)


@check("RunningMoments", points=2, hint="Ask, add a batch, and ask again. What has changed?")
def test_is_done_once_it_was_asked(submission):
    """It can be asked after every batch, and each object has rows of its own."""
    first, second = submission.RunningMoments(), submission.RunningMoments()
    second.update(BATCHES[0] * 3)
    for count, batch in enumerate(BATCHES, 1):
        first.update(batch)
        mean, variance = by_definition(BATCHES[:count])
        assert_close(first.mean, mean, rtol=1e-12)
        assert_close(first.variance, variance, rtol=1e-11)


@check("RunningMoments", points=1, hint="What is the mean of nothing? The docstring says it.")
def test_gives_a_mean_of_nothing(submission):
    """Before the first batch both raise ValueError."""
    for name in ("mean", "variance"):
        with pytest.raises(ValueError):
            getattr(submission.RunningMoments(), name)
