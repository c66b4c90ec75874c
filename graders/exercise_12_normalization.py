"""Hidden checks of exercise 12.

Truth is stated with `fractions.Fraction`, column by column in plain loops: exact arithmetic on the
very numbers that the arrays hold, rounded to float64 once at the end. No array is ever divided by
another array here.
"""

import math
import warnings
from fractions import Fraction

import numpy as np

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_equal,
    assert_unchanged,
    check,
    expect,
)

# (5, 4), four scales. Columns 0 and 1 have equal first two values, or equal ends, without being
# constant; column 2 is negative throughout and spans less than one; column 3 straddles zero.
READINGS = np.array(
    [
        [61.3, 0.25, -0.7, 12.1],
        [61.3, 3.75, -0.1, -8.3],
        [88.9, 1.50, -0.4, 0.0],
        [40.2, 2.00, -0.2, 31.7],
        [55.7, 0.25, -0.9, 4.9],
    ]
)
# One unit is 2**-44, about 6e-14. Whoever adds 1e-12 to a divisor, or takes a range below it for
# zero, wipes these columns out.
TINY = np.array([[3.0, 0.1], [11.0, 0.7], [4.0, 0.2], [7.0, -0.4]]) * 2.0**-44
# Far from zero and close together, exactly: a threshold relative to the values is wrong, too.
CLOSE = 2.0**20 + np.array([[0.0, 3.0], [1.0, 1.0], [4.0, 0.0], [2.0, 2.0]])
# (15, 2): one value lies 3.7 deviations out.
OUTLIER = np.array([[0.1 * i, 1.0 + (i == 6)] for i in range(15)])


def columns_of(dataset):
    """The columns as lists of exact numbers."""
    return [[Fraction(value) for value in column] for column in dataset.T.tolist()]


def rows_of(columns):
    """Columns of numbers as a float64 array (N, D)."""
    return np.array([[float(value) for value in row] for row in zip(*columns, strict=True)])


def scaled_by(data, minimum, maximum):
    """(value - minimum) / (maximum - minimum), or value - minimum where that range is zero."""
    ranges = [
        (Fraction(low), Fraction(high))
        for low, high in zip(minimum.tolist(), maximum.tolist(), strict=True)
    ]
    return rows_of(
        [(value - low) / ((high - low) or 1) for value in column]
        for column, (low, high) in zip(columns_of(data), ranges, strict=True)
    )


def scaled_to_unit(dataset):
    """Every column scaled by its own range."""
    return scaled_by(
        dataset, np.array([min(c) for c in dataset.T]), np.array([max(c) for c in dataset.T])
    )


def standardized(dataset):
    """Every column minus its mean, over the root of the mean square: over N, not N - 1."""
    columns = []
    for column in columns_of(dataset):
        mean = sum(column) / len(column)
        variance = sum((value - mean) ** 2 for value in column) / len(column)
        # A root of 2**-88 and a root of 1 alike: math.sqrt rounds correctly.
        deviation = Fraction(math.sqrt(variance)) or Fraction(1)
        columns.append([(value - mean) / deviation for value in column])
    return rows_of(columns)


def pair_from(answer):
    """The two arrays of `fit_min_max`, or the sentence that says what came instead."""
    expect(
        isinstance(answer, tuple | list) and len(answer) == 2,
        f"expected a pair (minimum, maximum), got {type(answer).__name__}",
    )
    return answer


def probe_warnings(answer, dataset):
    """The result, and what NumPy had to say about computing it."""
    with warnings.catch_warnings(record=True) as caught:
        # At the end of the filters, so that a submission's own filters still count.
        warnings.filterwarnings("always", category=RuntimeWarning, append=True)
        result = answer.normalize_dataset(dataset)
    return result, [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]


@check(
    "normalize_dataset",
    points=1,
    hint="Rows are samples. Along which axis do you find the smallest value of one feature, "
    "and does every column use its own?",
)
def test_scales_by_something_other_than_the_column_range(submission):
    """Every column runs from 0 at its minimum to 1 at its maximum."""
    for dataset in (READINGS, READINGS[:3], READINGS[1:, [1]], -READINGS[:4]):
        assert_close(
            submission.normalize_dataset(dataset),
            scaled_to_unit(dataset),
            rtol=1e-9,  # two subtractions and a division in float64 are within 1e-14 here
            atol=1e-12,  # (x * scale) + offset leaves 1e-16 where zero belongs
            given=f"normalize_dataset(a {dataset.shape} array)",
        )


@check(
    "normalize_dataset",
    points=1,
    hint="A sensor that was off has maximum == minimum. What is 0 / 0, and where can you change "
    "the divisor before NumPy divides?",
)
def test_divides_by_a_range_of_zero(submission):
    """A constant column becomes exactly zeros, without a warning, and its neighbours are scaled."""
    # Three times 0.1: the mean is not 0.1, and the deviation is not zero.
    dataset = np.column_stack(
        [READINGS[:3, 0], np.full(3, 0.1), np.full(3, -7.0), READINGS[:3, 2], np.zeros(3)]
    )
    result, said = submission.probe(probe_warnings, dataset)
    given = "normalize_dataset with the constant columns 0.1, -7 and 0"
    assert_array(result, shape=(3, 5), given=given)
    assert_equal(result[:, [1, 2, 4]], np.zeros((3, 3)), given=f"{given}, those columns")
    assert_close(
        result,
        scaled_to_unit(dataset),
        rtol=1e-6,  # this check is about the neighbours, not about their last digits
        atol=1e-12,
        given=given,
    )
    expect(not said, f"NumPy warned: {said[:1]}", given=given)
    for constant in (np.full((4, 2), 1e6), READINGS[:1], np.array([[3], [3], [3]])):
        result, said = submission.probe(probe_warnings, constant)
        given = f"normalize_dataset({constant.tolist()})"
        assert_equal(result, np.zeros(constant.shape), given=given)
        expect(not said, f"NumPy warned: {said[:1]}", given=given)


@check(
    "normalize_dataset",
    points=0.5,
    hint="In int8, what is 127 - (-128)? And which type does an array made with empty_like have?",
)
def test_computes_in_the_integers_it_was_given(submission):
    """Integer columns give fractions, and small integer types do not overflow."""
    for dtype, values in [
        (np.int8, [[-128, 5, 9], [127, 6, 3], [11, 9, 4], [-70, 8, 8]]),
        (np.uint8, [[255, 200, 9], [0, 207, 3], [31, 201, 4]]),
        (np.int16, [[-32768, 1, 9], [32767, 8, 3], [1, 3, 4]]),
        (np.int32, [[-(2**31), 1, 9], [2**31 - 1, 2, 3], [1, 9, 4]]),
        (np.int64, [[-5, 1, 9], [20, 2, 3], [1, 9, 4]]),
    ]:
        dataset = np.array(values, dtype=dtype)
        assert_close(
            submission.normalize_dataset(dataset),
            scaled_to_unit(dataset.astype(np.float64)),
            rtol=1e-6,  # overflow and truncation are far coarser
            atol=1e-12,
            given=f"normalize_dataset(np.array({values}, dtype={dtype.__name__}))",
        )


@check(
    "normalize_dataset",
    points=0.5,
    hint="Does every column that varies reach 1, even when it is measured in very small units? "
    "What did you add to the divisor, or compare it with?",
)
def test_adds_an_epsilon_to_the_range(submission):
    """A column whose values differ by very little still runs from 0 to 1."""
    for dataset in (TINY, np.column_stack([READINGS[:4, 0], TINY])):
        assert_close(
            submission.normalize_dataset(dataset),
            scaled_to_unit(dataset),
            rtol=1e-9,  # float64 is relative: small units cost no digits
            atol=1e-12,
            given=f"normalize_dataset(a {dataset.shape} array, values around 1e-13)",
        )
    assert_close(
        submission.normalize_dataset(CLOSE),
        scaled_to_unit(CLOSE),
        rtol=1e-6,  # dataset * (1 / range) - minimum * (1 / range) loses digits here
        atol=1e-6,
        given="normalize_dataset(values from 2**20 to 2**20 + 4)",
    )


@check(
    "normalize_dataset",
    points=0.5,
    hint="`dataset -= ...` writes into the caller's array. Does anything else survive the call "
    "that a later call could see?",
)
def test_normalize_dataset_leaves_traces(submission):
    """The dataset stays as it was, and calls do not affect each other."""
    first = assert_unchanged(submission, "normalize_dataset", READINGS)
    assert_close(first, scaled_to_unit(READINGS), rtol=1e-6, atol=1e-12)  # digits: see above
    integers = np.array([[1, -2], [4, 6], [2, 0]])
    assert_unchanged(submission, "normalize_dataset", integers)
    wider = READINGS * 3.0 + 500.0
    for dataset in (wider, READINGS):
        assert_close(
            submission.normalize_dataset(dataset=dataset),
            scaled_to_unit(dataset),
            rtol=1e-6,  # as above
            atol=1e-12,
            given="normalize_dataset, called again with other data",
        )
    afresh = assert_afresh(submission, "normalize_dataset", (READINGS,), (READINGS[::-1] ** 2,))
    assert_close(
        afresh,
        scaled_to_unit(READINGS[::-1] ** 2),
        rtol=1e-6,  # as above
        atol=1e-12,
        given="normalize_dataset, called again with other data",
    )


@check(
    "fit_min_max",
    points=1,
    hint="One number per column, the minimum first. What do you get for a column that is "
    "negative throughout?",
)
def test_mixes_up_minimum_and_maximum(submission):
    """The pair holds every column's smallest and largest value, in that order."""
    for train in (READINGS, READINGS + 100.0, READINGS[:2] - 100.0, TINY):
        minimum, maximum = pair_from(submission.fit_min_max(train))
        given = f"fit_min_max(a {train.shape} array)"
        lowest = np.array([min(column) for column in train.T.tolist()])
        highest = np.array([max(column) for column in train.T.tolist()])
        assert_equal(minimum, lowest, given=f"{given}, minimum")
        assert_equal(maximum, highest, given=f"{given}, maximum")


@check(
    "fit_min_max",
    points=0.5,
    hint="Sorting in place is a change that the caller sees. Are both results (D,) for a single "
    "row, too, and does the function forget the data it saw before?",
)
def test_fit_min_max_leaves_traces(submission):
    """The training set stays as it was, and each call knows only its own data."""
    pair = pair_from(assert_unchanged(submission, "fit_min_max", READINGS))
    assert_equal(pair[0], np.array([40.2, 0.25, -0.9, -8.3]), given="fit_min_max, minimum")
    narrow = READINGS[2:4] * 0.5
    minimum, maximum = pair_from(submission.fit_min_max(train=narrow))
    given = "fit_min_max, called again with other data"
    assert_equal(minimum, np.array([20.1, 0.75, -0.2, 0.0]), given=f"{given}, minimum")
    assert_equal(maximum, np.array([44.45, 1.0, -0.1, 15.85]), given=f"{given}, maximum")
    for train in (READINGS[:1], READINGS[:1, :1]):
        minimum, maximum = pair_from(submission.fit_min_max(train))
        given = f"fit_min_max(a {train.shape} array)"
        assert_equal(minimum, train[0], given=f"{given}, minimum")
        assert_equal(maximum, train[0], given=f"{given}, maximum")
    minimum, _ = pair_from(assert_afresh(submission, "fit_min_max", (READINGS,), (-READINGS,)))
    expected = np.array([min(column) for column in (-READINGS).T.tolist()])
    assert_equal(minimum, expected, given="fit_min_max, called again with other data, minimum")


MINIMUM = np.array([40.0, -0.5, -0.6, -8.3])
MAXIMUM = np.array([90.0, 2.0, -0.3, 31.7])


@check(
    "apply_min_max",
    points=1,
    hint="Whose minimum and maximum belong into the formula: those of the data you scale, or "
    "those that were measured in training?",
)
def test_fits_again_on_the_new_data(submission):
    """New data is scaled by the training range that was passed in."""
    for data in (READINGS, READINGS[:1], READINGS[2:4] * 0.5):
        assert_close(
            submission.apply_min_max(data, MINIMUM, MAXIMUM),
            scaled_by(data, MINIMUM, MAXIMUM),
            rtol=1e-9,  # x * scale + offset cancels a little more than the quotient
            atol=1e-11,
            given=f"apply_min_max(a {data.shape} array, minimum, maximum)",
        )


@check(
    "apply_min_max",
    points=0.5,
    hint="A test value above the training maximum is news. What does your scaled value say "
    "about it?",
)
def test_clips_what_lies_outside_the_training_range(submission):
    """Values outside the training range land outside [0, 1], on both sides."""
    minimum, maximum = np.array([1.0, -2.0]), np.array([5.0, -1.0])
    data = np.array([[9.0, -0.5], [-3.0, -7.0], [2.0, -1.25]])
    assert_close(
        submission.apply_min_max(data, minimum, maximum),
        np.array([[2.0, 1.5], [-1.0, -5.0], [0.25, 0.75]]),
        rtol=1e-9,  # any float64 formula is within 1e-15
        given=f"apply_min_max({data.tolist()}, {minimum.tolist()}, {maximum.tolist()})",
    )


@check(
    "apply_min_max",
    points=0.5,
    hint="A feature that never changed in training has no range to divide by. What does the "
    "contract keep of the new value, and in which columns?",
)
def test_divides_by_a_training_range_of_zero(submission):
    """A column constant in training becomes data - minimum; a tiny range still divides."""
    minimum = np.array([5.0, 40.0, 0.1, -3.0, 2.0**-44])
    maximum = np.array([5.0, 90.0, 0.1, -3.0, 2.0**-42])
    data = np.array(
        [
            [5.0, 65.0, 0.7, -1.5, 2.0**-43],
            [8.5, 61.3, -0.4, -3.0, 2.0**-42],
            [4.25, 88.9, 0.1, 2.0, 0.0],
        ]
    )
    for rows in (data, data[1:2]):
        assert_close(
            submission.apply_min_max(rows, minimum, maximum),
            scaled_by(rows, minimum, maximum),
            rtol=1e-9,  # one subtraction, one division
            atol=1e-12,
            given=f"apply_min_max(a {rows.shape} array, three columns constant in training)",
        )
    # A new column that holds one value is no reason not to divide.
    repeated = np.full((3, 1), 6.0)
    assert_close(
        submission.apply_min_max(repeated, np.array([4.0]), np.array([12.0])),
        np.full((3, 1), 0.25),
        rtol=1e-9,  # exact in binary
        given="apply_min_max([[6], [6], [6]], [4], [12])",
    )


@check(
    "apply_min_max",
    points=0.5,
    hint="Which of the three arrays does your code write into? The training range is needed "
    "again for the next batch.",
)
def test_apply_min_max_leaves_traces(submission):
    """Neither the data nor the training range changes, and calls do not affect each other."""
    flat = np.array([90.0, -0.5, -0.3, 31.7])  # column 1 constant in training
    first = assert_unchanged(submission, "apply_min_max", READINGS, MINIMUM, flat)
    expected = scaled_by(READINGS, MINIMUM, flat)
    assert_close(first, expected, rtol=1e-9, atol=1e-11)  # as above
    data = READINGS[:3] - 2.5
    low, high = MINIMUM - 1.0, MAXIMUM + 3.0
    assert_close(
        submission.apply_min_max(data=data, minimum=low, maximum=high),
        scaled_by(data, low, high),
        rtol=1e-9,  # as above
        atol=1e-11,
        given="apply_min_max, called again with another range",
    )
    later = (data, low, high)
    assert_close(
        assert_afresh(submission, "apply_min_max", (READINGS[:3], MINIMUM, MAXIMUM), later),
        scaled_by(*later),
        rtol=1e-9,  # as above
        atol=1e-11,
        given="apply_min_max, called again with other numbers",
    )


@check(
    "standardize",
    points=1,
    hint="Mean zero per column, and a mean square of exactly one: which count do you divide "
    "the squares by, and do you take the root?",
)
def test_divides_by_another_deviation(submission):
    """Every column gets mean 0 and population standard deviation 1."""
    for dataset in (READINGS, READINGS[1:3], READINGS[1:, [0]], TINY, OUTLIER):
        assert_close(
            submission.standardize(dataset),
            standardized(dataset),
            rtol=1e-8,  # the one-pass variance E[x^2] - E[x]^2 loses a few digits
            atol=1e-9,  # a value near its column's mean cancels
            given=f"standardize(a {dataset.shape} array)",
        )


@check(
    "standardize",
    points=0.5,
    hint="A column of equal values has a deviation of zero. What do you divide by instead, and "
    "only in that column?",
)
def test_divides_by_a_deviation_of_zero(submission):
    """A constant column becomes exactly zeros, and its neighbours are standardised."""
    dataset = np.column_stack([np.full(5, 2.0), READINGS[:, :2], np.full(5, -3.0), np.zeros(5)])
    given = "standardize with the constant columns 2, -3 and 0"
    result = submission.standardize(dataset)
    assert_array(result, shape=(5, 5), given=given)
    assert_equal(result[:, [0, 3, 4]], np.zeros((5, 3)), given=f"{given}, those columns")
    assert_close(result, standardized(dataset), rtol=1e-6, atol=1e-9, given=given)  # as above
    assert_equal(
        submission.standardize(READINGS[:1]), np.zeros((1, 4)), given="standardize(a single row)"
    )


@check(
    "standardize",
    points=0.5,
    hint="In binary the mean of three times 0.1 is not 0.1. How large is the deviation then, "
    "and is there a better question than whether it is zero?",
)
def test_expects_a_constant_column_to_have_deviation_zero(submission):
    """A column of equal values that binary cannot hold becomes exactly zeros, too."""
    for count in (3, 5, 6, 10):
        dataset = np.column_stack(
            [np.linspace(-1.0, 2.0, count), np.full(count, 0.1), np.full(count, -273.15)]
        )
        result = submission.standardize(dataset)
        given = f"standardize with {count} rows, columns 1 and 2 all 0.1 and all -273.15"
        assert_array(result, shape=(count, 3), given=given)
        assert_equal(result[:, 1:], np.zeros((count, 2)), given=given)


@check(
    "standardize",
    points=0.5,
    hint="`dataset -= mean` writes into the caller's array. Does the function remember a mean "
    "from one call to the next?",
)
def test_standardize_leaves_traces(submission):
    """The dataset stays as it was, and calls do not affect each other."""
    first = assert_unchanged(submission, "standardize", READINGS)
    assert_close(first, standardized(READINGS), rtol=1e-8, atol=1e-9)  # as above
    # Of the same shape as well: what is remembered may be filed under the shape.
    for other in (READINGS[:4] * 3.0 + 20.0, READINGS[:, ::-1] * 3.0 + 20.0):
        assert_close(
            submission.standardize(dataset=other),
            standardized(other),
            rtol=1e-8,  # as above
            atol=1e-9,
            given="standardize, called again with other data",
        )
    assert_close(
        assert_afresh(submission, "standardize", (READINGS,), (READINGS[::-1] ** 2,)),
        standardized(READINGS[::-1] ** 2),
        rtol=1e-8,  # as above
        atol=1e-9,
        given="standardize, called again with other data",
    )
