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
    Mismatch,
    Truth,
    assert_array,
    assert_close,
    assert_equal,
    assert_no_traces,
    check,
    expect,
    rng_of,
)

# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}

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
# Far from zero and close together, exactly: a threshold relative to the values is wrong, too, be
# it 1e-9.
CLOSE = 2.0**32 + np.array([[0.0, 3.0], [1.0, 1.0], [4.0, 0.0], [2.0, 2.0]])
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


def smallest_and_largest(train):
    """The smallest and the largest number of every column."""
    columns = train.T.tolist()
    return np.array([min(each) for each in columns]), np.array([max(each) for each in columns])


def judge_constant(actual, expected, dataset):
    """Constant columns are exactly zeros; this is not about the last digits of the others."""
    assert_array(actual, shape=dataset.shape)
    constant = (dataset == dataset[0]).all(axis=0)
    assert_equal(actual[:, constant], expected[:, constant])
    assert_close(actual, expected, rtol=1e-6, atol=1e-9)


# Where the smallest counterexample is looked for: up to three rows and two columns.


def tables(st, numbers):
    def of_size(size):
        N, D = size
        rows = st.lists(st.lists(numbers, min_size=D, max_size=D), min_size=N, max_size=N)
        return rows.map(np.array)

    return st.tuples(st.integers(1, 3), st.integers(1, 2)).flatmap(of_size)


def floats(st):
    return st.one_of(
        tables(st, st.integers(-4, 4).map(float)),
        tables(st, st.sampled_from([0.1, 0.7, -273.15])),
        tables(st, st.integers(-4, 4).map(float)).map(lambda x: x * 2.0**-44),
        tables(st, st.integers(0, 4).map(float)).map(lambda x: x + 2.0**20),
    )


def float_tables(st):
    return st.tuples(floats(st))


def any_tables(st):
    small = tables(st, st.integers(-128, 127))
    return st.tuples(st.one_of(floats(st), small, small.map(lambda x: x.astype(np.int8))))


def data_and_range(st):
    numbers = st.integers(-4, 4).map(float)
    whole = st.sampled_from([0.0, 1.0, 2.0, 4.0])
    case = st.tuples(st.lists(numbers, min_size=1, max_size=2), numbers, whole)
    return case.map(lambda each: (np.array(each[0])[:, None], np.array([each[1]]),
                                  np.array([each[1] + each[2]])))


NORMALIZE = Truth(
    "normalize_dataset", scaled_to_unit, inputs=any_tables,
    rtol=1e-9,  # two subtractions and a division in float64 are within 1e-14 here
    atol=1e-12,  # (x * scale) + offset leaves 1e-16 where zero belongs
)
NORMALIZE_CONSTANT = Truth("normalize_dataset", scaled_to_unit, inputs=any_tables,
                           rtol=1e-6, judge=judge_constant)
FIT = Truth("fit_min_max", smallest_and_largest, inputs=float_tables, rtol=0.0)
APPLY = Truth(
    "apply_min_max", scaled_by, inputs=data_and_range,
    rtol=1e-9, atol=1e-11,  # x * scale + offset cancels a little more than the quotient
)
STANDARDIZE = Truth(
    "standardize", standardized, inputs=float_tables,
    rtol=1e-8,  # the one-pass variance E[x^2] - E[x]^2 loses a few digits
    atol=1e-9,  # a value near its column's mean cancels
)
STANDARDIZE_CONSTANT = Truth("standardize", standardized, inputs=float_tables,
                             rtol=1e-6, judge=judge_constant)
MINIMUM = np.array([40.0, -0.5, -0.6, -8.3])
MAXIMUM = np.array([90.0, 2.0, -0.3, 31.7])


def readings(rng, N=None, D=None):
    """Columns of different scales, some of one sign throughout."""
    N, D = N or int(rng.integers(3, 6)), D or int(rng.integers(1, 4))
    columns = rng.normal(0.0, 1.0, (N, D)) + rng.uniform(-3.0, 3.0, D)
    return columns * 10.0 ** rng.integers(-1, 3, D)


def some_readings(rng):
    return (readings(rng),)


def wide_readings(rng):
    return (readings(rng, N=3, D=int(rng.integers(70, 80))),)


def long_readings(rng):
    """No table is too long; what is extreme comes last, more than 20 deviations out."""
    dataset = readings(rng, N=int(rng.integers(1030, 1100)), D=1)
    dataset[-2:] = [[-5e3], [2e4]]
    return (dataset,)


def long_data(rng):
    (data,) = long_readings(rng)
    return data, rng.normal(0.0, 5.0, 1), rng.uniform(20.0, 30.0, 1)


def with_constants(rng):
    """Constant columns, whose number binary may not hold, among others."""
    dataset = readings(rng, D=4)
    dataset[:, rng.permutation(4)[:2]] = rng.integers(-40, 40, 2) / rng.choice([10.0, 8.0])
    return (dataset,)


def with_exact(rng):
    """Constant columns whose deviation is exactly zero, among others."""
    dataset = readings(rng, D=3)
    dataset[:, rng.integers(3)] = rng.integers(-9, 10)
    return (dataset,)


def small_integers(rng):
    dtype = np.dtype(rng.choice(["int8", "uint8", "int16"]))
    info = np.iinfo(dtype)
    dataset = rng.integers(info.min, info.max + 1, (4, 2)).astype(dtype)
    dataset[rng.permutation(4)[:2], 0] = info.min, info.max
    return (dataset,)


def tiny_readings(rng):
    return (rng.permuted(np.array([[0.0, 1.0, 3.0, 7.0]] * 2).T, axis=0) * 2.0**-44,)


def close_readings(rng):
    return (2.0**32 + rng.permuted(np.array([[0.0, 1.0, 3.0, 4.0]] * 2).T, axis=0),)


def new_data(rng):
    D = int(rng.integers(1, 4))
    data, minimum = readings(rng, D=D), rng.normal(0.0, 5.0, D)
    return data, minimum, minimum + rng.uniform(2.0, 9.0, D)


def far_out(rng):
    minimum = rng.normal(0.0, 5.0, 2)
    width = rng.uniform(1.0, 4.0, 2)
    places = np.array([[-1.5, 3.0], [2.5, -0.5], [0.25, 1.5]])
    return minimum + width * places, minimum, minimum + width


def constant_in_training(rng):
    data, minimum, maximum = new_data(rng)
    place = rng.integers(len(minimum))
    maximum[place] = minimum[place]
    return data, minimum, maximum


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
    cases = [(READINGS,), (READINGS[:3],), (READINGS[1:, [1]],), (-READINGS[:4],)]
    NORMALIZE.assert_holds(submission, cases, draw=some_readings, draws=1)
    NORMALIZE.assert_holds(submission, [], draw=long_readings, draws=1)
    NORMALIZE.assert_holds(submission, [], draw=wide_readings, draws=1)


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
    constant = np.full((4, 2), 1e6), READINGS[:1], np.array([[3], [3], [3]])
    cases = [(each,) for each in (dataset, *constant, *with_constants(rng_of(submission)))]
    for case, (result, said) in submission.each_probe(probe_warnings, cases):
        given = f"normalize_dataset(a {case[0].shape} array with constant columns)"
        try:
            NORMALIZE_CONSTANT.compare(result, case, {})
        except Mismatch as mismatch:
            raise Mismatch(str(mismatch), given, mismatch.kind) from None
        expect(not said, f"NumPy warned: {said[:1]}", given=given)
    NORMALIZE_CONSTANT.assert_holds(submission, [], draw=with_constants, draws=1)


@check(
    "normalize_dataset",
    points=0.5,
    hint="In int8, what is 127 - (-128)? And which type does an array made with empty_like have?",
)
def test_computes_in_the_integers_it_was_given(submission):
    """Integer columns give fractions, and small integer types do not overflow."""
    cases = [
        (np.array(values, dtype=dtype),) for dtype, values in (
            (np.int8, [[-128, 5, 9], [127, 6, 3], [11, 9, 4], [-70, 8, 8]]),
            (np.uint8, [[255, 200, 9], [0, 207, 3], [31, 201, 4]]),
            (np.int16, [[-32768, 1, 9], [32767, 8, 3], [1, 3, 4]]),
            (np.int32, [[-(2**31), 1, 9], [2**31 - 1, 2, 3], [1, 9, 4]]),
            (np.int64, [[-5, 1, 9], [20, 2, 3], [1, 9, 4]]),
        )
    ]  # fmt: skip
    # Overflow and truncation are far coarser.
    NORMALIZE.assert_holds(submission, cases, draw=small_integers, draws=1, rtol=1e-6)


@check(
    "normalize_dataset",
    points=0.5,
    hint="Does every column that varies reach 1, even when it is measured in very small units? "
    "What did you add to the divisor, or compare it with?",
)
def test_adds_an_epsilon_to_the_range(submission):
    """A column whose values differ by very little still runs from 0 to 1."""
    cases = [(TINY,), (np.column_stack([READINGS[:4, 0], TINY]),)]
    NORMALIZE.assert_holds(submission, cases, draw=tiny_readings, draws=1)
    # dataset * (1 / range) - minimum * (1 / range) loses digits here.
    NORMALIZE.assert_holds(submission, [(CLOSE,)], draw=close_readings, draws=1,
                           rtol=1e-6, atol=1e-6)


@check(
    "normalize_dataset",
    points=0.5,
    hint="`dataset -= ...` writes into the caller's array. Does anything else survive the call "
    "that a later call could see?",
)
def test_normalize_dataset_leaves_traces(submission):
    """The dataset stays as it was, and calls do not affect each other."""
    wider, integers = READINGS * 3.0 + 500.0, np.array([[1, -2], [4, 6], [2, 0]])
    cases = [(READINGS,), (READINGS[::-1] ** 2,), (wider,), (READINGS,), (integers,),
             ((), {"dataset": wider})]
    assert_no_traces(submission, NORMALIZE, cases, draw=some_readings, **ROUGHLY)


@check(
    "fit_min_max",
    points=1,
    hint="One number per column, the minimum first. What do you get for a column that is "
    "negative throughout?",
)
def test_mixes_up_minimum_and_maximum(submission):
    """The pair holds every column's smallest and largest value, in that order."""
    cases = [(READINGS,), (READINGS + 100.0,), (READINGS[:2] - 100.0,), (TINY,),
             (1e12 * READINGS,)]
    FIT.assert_holds(submission, cases, draw=some_readings, draws=1)
    FIT.assert_holds(submission, [], draw=long_readings, draws=1)


@check(
    "fit_min_max",
    points=0.5,
    hint="Sorting in place is a change that the caller sees. Are both results (D,) for a single "
    "row, too, and does the function forget the data it saw before?",
)
def test_fit_min_max_leaves_traces(submission):
    """The training set stays as it was, and each call knows only its own data."""
    narrow = READINGS[2:4] * 0.5
    cases = [(READINGS,), (-READINGS,), (READINGS[:1],), (READINGS[:1, :1],), (narrow,),
             ((), {"train": narrow}), (READINGS,)]
    assert_no_traces(submission, FIT, cases, draw=some_readings, **ROUGHLY)


@check(
    "apply_min_max",
    points=1,
    hint="Whose minimum and maximum belong into the formula: those of the data you scale, or "
    "those that were measured in training?",
)
def test_fits_again_on_the_new_data(submission):
    """New data is scaled by the training range that was passed in."""
    tables = READINGS, READINGS[:1], READINGS[2:4] * 0.5, READINGS[:4]  # the last is square
    cases = [(data, MINIMUM, MAXIMUM) for data in tables]
    APPLY.assert_holds(submission, cases, draw=new_data, draws=1)
    APPLY.assert_holds(submission, [], draw=long_data, draws=1)


@check(
    "apply_min_max",
    points=0.5,
    hint="A test value above the training maximum is news. What does your scaled value say "
    "about it?",
)
def test_clips_what_lies_outside_the_training_range(submission):
    """Values outside the training range land outside [0, 1], on both sides."""
    data = np.array([[9.0, -0.5], [-3.0, -7.0], [2.0, -1.25]])
    limits = np.array([1.0, -2.0]), np.array([5.0, -1.0])
    cases = [(data, *limits), (1e6 * data, *limits)]
    APPLY.assert_holds(submission, cases, draw=far_out, draws=1)


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
    cases = [(data, minimum, maximum), (data[1:2], minimum, maximum)]
    # A new column that holds one value is no reason not to divide.
    cases.append((np.full((3, 1), 6.0), np.array([4.0]), np.array([12.0])))
    APPLY.assert_holds(submission, cases, draw=constant_in_training, draws=1)


@check(
    "apply_min_max",
    points=0.5,
    hint="Which of the three arrays does your code write into? The training range is needed "
    "again for the next batch.",
)
def test_apply_min_max_leaves_traces(submission):
    """Neither the data nor the training range changes, and calls do not affect each other."""
    flat = np.array([90.0, -0.5, -0.3, 31.7])  # column 1 constant in training
    data, low, high = READINGS[:3] - 2.5, MINIMUM - 1.0, MAXIMUM + 3.0
    named = {"data": data, "minimum": low, "maximum": high}
    cases = [(READINGS[:3], MINIMUM, MAXIMUM), (data, low, high), (READINGS, MINIMUM, flat),
             ((), named), (READINGS[:3], MINIMUM, MAXIMUM)]
    assert_no_traces(submission, APPLY, cases, draw=new_data, **ROUGHLY)


@check(
    "standardize",
    points=1,
    hint="Mean zero per column, and a mean square of exactly one: which count do you divide "
    "the squares by, and do you take the root?",
)
def test_divides_by_another_deviation(submission):
    """Every column gets mean 0 and population standard deviation 1."""
    cases = [(READINGS,), (READINGS[1:3],), (READINGS[1:, [0]],), (TINY,), (OUTLIER,)]
    STANDARDIZE.assert_holds(submission, cases, draw=some_readings, draws=1)
    STANDARDIZE.assert_holds(submission, [], draw=long_readings, draws=1)


@check(
    "standardize",
    points=0.5,
    hint="A column of equal values has a deviation of zero. What do you divide by instead, and "
    "only in that column?",
)
def test_divides_by_a_deviation_of_zero(submission):
    """A constant column becomes exactly zeros, and its neighbours are standardised."""
    dataset = np.column_stack([np.full(5, 2.0), READINGS[:, :2], np.full(5, -3.0), np.zeros(5)])
    STANDARDIZE_CONSTANT.assert_holds(submission, [(dataset,), (READINGS[:1],)],
                                      draw=with_exact, draws=1)


@check(
    "standardize",
    points=0.5,
    hint="In binary the mean of three times 0.1 is not 0.1. How large is the deviation then, "
    "and is there a better question than whether it is zero?",
)
def test_expects_a_constant_column_to_have_deviation_zero(submission):
    """A column of equal values that binary cannot hold becomes exactly zeros, too."""
    cases = [
        (np.column_stack(
            [np.linspace(-1.0, 2.0, count), np.full(count, 0.1), np.full(count, -273.15)]
        ),)
        for count in (3, 5, 6, 10)
    ]
    STANDARDIZE_CONSTANT.assert_holds(submission, cases, draw=with_constants, draws=1)
    # Not constant, but its values are equal to within a millionth of their size. Roughly, because
    # the one-pass variance is left with few digits.
    far = 4096.0 + np.array([[0.0], [1.0], [2.0], [5.0]]) / 1024
    STANDARDIZE.assert_holds(submission, [(far,)], rtol=1e-2)


@check(
    "standardize",
    points=0.5,
    hint="`dataset -= mean` writes into the caller's array. Does the function remember a mean "
    "from one call to the next?",
)
def test_standardize_leaves_traces(submission):
    """The dataset stays as it was, and calls do not affect each other."""
    # Of the same shape as well: what is remembered may be filed under the shape.
    others = READINGS[::-1] ** 2, READINGS[:, ::-1] * 3.0 + 20.0, READINGS[:4] * 3.0 + 20.0
    cases = [(READINGS,), *((other,) for other in others), (READINGS,)]
    cases.append(((), {"dataset": others[1]}))
    assert_no_traces(submission, STANDARDIZE, cases, draw=some_readings, **ROUGHLY)
