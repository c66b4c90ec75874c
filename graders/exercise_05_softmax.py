"""The hidden checks of exercise 05.

Truth is the definition itself, exp over the sum, in decimals of 28 digits whose exponents reach
a million: they neither overflow nor underflow here, so there is no trick to trust. Only scores
too large for that (1e300) are judged by their closed form.
"""

from decimal import Decimal
from functools import cache

import numpy as np

from gradekit.grading import (
    assert_afresh,
    assert_close,
    assert_unchanged,
    check,
    each_unchanged,
)

INF = float("inf")

# Non-square, unsymmetric, and with the maximum of each axis in changing places.
BATCH = np.array([[0.5, -1.25, 2.0, 0.0], [3.0, 1.5, -0.75, 2.25], [-2.0, 0.25, 1.0, 1.75]])
SQUARE = np.array([[0.5, -1.25, 2.0], [3.0, 1.5, -0.75], [-2.0, 0.25, 4.0]])
CUBE = np.random.default_rng(5).integers(-12, 13, size=(2, 3, 4)) / 4
NARROW_TYPES = [
    (np.array([2, 0, -1]),),
    (np.array([100, -100, 99], dtype=np.int8),),
    (np.array([3, 5, 4], dtype=np.uint8),),
    (np.array([[2, 0, 3], [250, 255, 251]], dtype=np.uint8),),
    (np.array([-128, -127, -126], dtype=np.int8),),
    (np.array([0.5, 2.0, -1.25], dtype=np.float16),),
    (np.array([[0.1, 0.7, -2.3], [5.1, 4.7, 5.9]], dtype=np.float32),),  # which errs by 1e-7
]
# Each row and each column is reasonable, but they lie thousands apart.
FAR_APART = np.array([[3000.0, 3001.0, 3000.5], [-1.0, 0.0, 2.0], [-4000.0, -4002.0, -4001.0]])


def probabilities(scores):
    """Return exp over the sum, in decimals that cannot overflow."""
    weights = [Decimal(float(score)).exp() for score in scores]
    return [float(weight / sum(weights)) for weight in weights]


def logarithms(scores):
    """Return the logarithm of the same, in decimals that cannot underflow."""
    weights = [Decimal(float(score)).exp() for score in scores]
    return [float((weight / sum(weights)).ln()) for weight in weights]


@cache
def lines(definition, contents, shape, axis):
    return np.apply_along_axis(definition, axis, np.frombuffer(contents).reshape(shape))


def along(definition, scores, axis=-1):
    """`definition` for each line of scores along `axis`; worked out once for all submissions."""
    scores = np.asarray(scores, dtype=np.float64)
    return lines(definition, scores.tobytes(), scores.shape, axis)


def assert_softmax(submission, cases, rtol=1e-9, **axis):
    """Each of `cases`, (scores,) or (scores, axis), has the right probabilities.

    Any sound float64 formula is within 1e-12.
    """
    for case, value in submission.each("softmax", cases, **axis):
        assert_close(value, along(probabilities, *case, **axis), rtol=rtol)


def assert_log_softmax(submission, cases, rtol=1e-10, atol=1e-11, **axis):
    """The same of logarithms. x - logsumexp(x) errs by 1e-12 at scores of 5000."""
    for case, value in submission.each("log_softmax", cases, **axis):
        assert_close(value, along(logarithms, *case, **axis), rtol=rtol, atol=atol)


def alone(*vectors):
    """Cases of one argument each, an array."""
    return [(np.array(scores),) for scores in vectors]


def along_every_axis(*arrays):
    """Cases of an array and an axis, counted from either end."""
    return [(scores, axis) for scores in arrays for axis in range(-scores.ndim, scores.ndim)]


@check("softmax", points=1, hint="Take two scores and a pocket calculator: e to the power of each,"
                                 " divided by the sum of both. Where does your result part from "
                                 "it?")
def test_departs_from_exp_over_sum(submission):
    """A few small scores give exp(score) over the sum of all, to the last digits."""
    cases = alone([0.5, -1.25, 2.0, 0.0], [-3.0, 1.0], [0.75], [-30.0, 1.0, 2.5, -0.125, 1.0])
    assert_softmax(submission, cases, rtol=2e-13)  # float64 formulas err by 1e-14 here


@check("softmax", points=1, hint="exp(1000) is inf, and inf / inf is nan. What can you subtract "
                                 "from all scores without changing their probabilities?")
def test_exponentiates_raw_scores(submission):
    """Scores around 1000 give finite probabilities."""
    assert_softmax(submission, alone(
        [1000.0, 1001.0], [999.0, 1002.0, 1000.5], [720.0, 100.0, 50.0, 719.0]
    ))


@check("softmax", points=0.5, hint="What does your shift leave if all scores are -1000, or if one "
                                   "score is thousands above the mean? Which shift always works?")
def test_shifts_by_something_other_than_the_maximum(submission):
    """Very negative scores, scores far apart and scores near the largest float work as well."""
    assert_softmax(submission, alone(
        [-1000.0, -1001.0, -1000.5], [0.0, -600.0, 2.0], [-2000.0, 2001.0, 2000.0]
    ))
    cases = alone([0.0, 0.0, 0.0, 3000.0, 0.0], [-1e308, 1e308, 0.0], [-1e300, -5e299])
    # Differences of thousands, and of 1e299, leave nothing to all scores but the largest.
    for (scores,), value in submission.each("softmax", cases):
        assert_close(value, 1.0 * (scores == scores.max()), rtol=1e-9)
    large = np.array([2**24, 2**24 + 1])  # float32 cannot tell them apart
    assert_close(submission.softmax(large), along(probabilities, [0.0, 1.0]),
                 rtol=1e-7)  # exp(x - logsumexp(x)) errs by 4e-9 here


@check("softmax", points=1, hint="Each row is a question of its own. If one row lies 3000 above "
                                 "another, whose maximum do you subtract from the lower one?")
def test_subtracts_one_maximum_from_all_rows(submission):
    """Rows that lie thousands apart do not disturb one another."""
    stacked = np.stack([FAR_APART, FAR_APART[::-1] - 2000.0])
    assert_softmax(submission, [(FAR_APART,), (stacked,)])
    assert_softmax(submission, [(FAR_APART.T,)], axis=0)


@check("softmax", points=0.5, hint="In a batch (N, C) each sample's classes lie along the last "
                                   "axis. What do your rows sum to, and what your columns?")
def test_normalizes_the_wrong_axis_by_default(submission):
    """Without `axis`, each line along the last axis becomes a distribution."""
    assert_softmax(submission, alone(
        BATCH, SQUARE, CUBE, BATCH[:1], BATCH[:, :1], CUBE[:1, :, :1], CUBE.reshape(2, 1, 3, 2, 2)
    ))


@check("softmax", points=0.5, hint="Does `axis` reach both the maximum and the sum? And do their "
                                   "results still line up with the scores when it is not the last?")
def test_ignores_the_axis(submission):
    """`axis` chooses the axis of the classes, first, last or between, by position or by name."""
    assert_softmax(submission, along_every_axis(SQUARE, CUBE))
    assert_softmax(submission, [(BATCH,)], axis=0)
    assert_close(submission.softmax(x=CUBE, axis=1), along(probabilities, CUBE, 1), rtol=1e-9)


@check("softmax", points=0.5, hint="What is exp(-inf)? And does anything that you do before or "
                                   "after it turn -inf into a number, or into nan?")
def test_mishandles_impossible_scores(submission):
    """A score of -inf gets probability 0 and leaves the others as they would be without it."""
    masked = np.array([[-INF, 1.0, 2.0], [0.0, -INF, -INF], [0.5, 0.25, -INF]])
    assert_softmax(submission, [*alone(
        [-INF, 0.5, 2.0], [1.0, -INF, -INF, 1001.0, 1000.0], [-1000.0, -INF, -1001.0],
    ), (masked,), (masked, 0)])
    # -inf is not just a large negative number: any finite score outweighs it.
    assert_close(submission.softmax(np.array([-INF, -1e12])), np.array([0.0, 1.0]), rtol=1e-9)


@check("softmax", points=0.5, hint="In which type does your arithmetic happen? What is -100 - 100 "
                                   "in int8, and how many digits has float32?")
def test_computes_in_the_type_of_the_scores(submission):
    """Lists, integers of any size and float32 scores give float64 probabilities."""
    lists = [1, 3, 2], [[1, 0], [2, 4], [0, 0]], (0.5, -1.0)
    assert_softmax(submission, [*((scores,) for scores in lists), *NARROW_TYPES])


@check("softmax", points=0.5, hint="Do you write into `x`, with `-=` for instance? And does "
                                   "anything outlive a call: a global, a cache, a default "
                                   "argument?")
def test_changes_its_scores_or_remembers_them(submission):
    """The scores stay as they were, and every call starts afresh."""
    cases = [(BATCH,), (CUBE,), ([[1.0, 3.0], [2.0, 0.5]],), (np.array([[4, 1], [0, 2]]),)]
    for (scores,), value in each_unchanged(submission, "softmax", cases):
        assert_close(value, along(probabilities, scores), rtol=1e-9)  # sound ones: 1e-12
    assert_unchanged(submission, "softmax", BATCH, axis=0)
    assert_softmax(submission, [(-BATCH,)])
    assert_close(assert_afresh(submission, "softmax", [BATCH], [1.0 - BATCH]),
                 along(probabilities, 1.0 - BATCH), rtol=1e-9)  # the same


@check("log_softmax", points=0.5, hint="Take the natural logarithm of one probability on a pocket "
                                       "calculator. Is yours as large, and has it the same sign?")
def test_departs_from_the_log_of_softmax(submission):
    """A few small scores give the natural logarithm of their probabilities."""
    cases = alone([0.5, -1.25, 2.0, 0.0], [-3.0, 1.0], [0.75], [2.5, -0.125, 1.0, 1.0])
    # float64 formulas err by 1e-15; log 1 may be 1e-16.
    assert_log_softmax(submission, cases, rtol=1e-12, atol=1e-13)


@check("log_softmax", points=1, hint="The probability exp(-1000) is stored as 0. What is log(a / "
                                     "b) on paper, before any number is put in?")
def test_takes_the_log_of_an_underflowed_probability(submission):
    """The logarithm is exact where the probability itself is too small for a float."""
    assert_log_softmax(submission, alone(
        [0.0, -1000.0], [5.0, -745.0, 4.0], [2.0, -20.0, -50.0, -5000.0]
    ))


@check("log_softmax", points=0.5, hint="Where does exp meet the raw scores? Which number, taken "
                                       "off all of them, leaves the answer as it is?")
def test_overflows_on_large_scores(submission):
    """Scores in the thousands, on either side of zero, and up to 1e300 stay finite and right."""
    assert_log_softmax(submission, alone(
        [1000.0, 1001.0], [3000.0, 0.0, 3001.0, 2999.0], [-2000.0, -2001.0],
        [0.0, 0.0, 0.0, 3000.0, 0.0],
    ))
    # One score outweighs all: the others lie as far below 0 as below it.
    for (scores,), value in submission.each("log_softmax", alone([0.0, 1e300], [-5e307, 5e307])):
        assert_close(value, scores - scores.max(), rtol=1e-10, atol=1e-11)
    large = np.array([2**24, 2**24 + 1])  # float32 cannot tell them apart
    assert_close(submission.log_softmax(large), along(logarithms, [0.0, 1.0]),
                 rtol=1e-7)  # x - logsumexp(x) errs by 4e-9 here


@check("log_softmax", points=1, hint="Which axis do the maximum and the sum run along, and are "
                                     "they those of each row? Do their shapes still fit the "
                                     "scores?")
def test_mixes_up_rows_or_axes(submission):
    """Each line along `axis` is judged by itself: the last axis, unless `axis` says otherwise."""
    assert_log_softmax(submission, alone(
        BATCH, SQUARE, CUBE, FAR_APART, BATCH[:1], BATCH[:, :1], CUBE.reshape(2, 1, 3, 2, 2)
    ))
    assert_log_softmax(submission, along_every_axis(SQUARE, CUBE))
    assert_log_softmax(submission, [(BATCH,), (FAR_APART.T,)], axis=0)
    assert_close(submission.log_softmax(x=CUBE, axis=1), along(logarithms, CUBE, 1),
                 rtol=1e-10, atol=1e-11)  # the same


@check("log_softmax", points=0.5, hint="log(0) is -inf, and here that is the right answer. Does "
                                       "anything in your code replace it, or make it nan?")
def test_hides_impossible_scores(submission):
    """A score of -inf has the logarithm -inf, and the others are as without it."""
    masked = np.array([[-INF, 1.0, 2.0], [0.0, -INF, -INF], [0.5, 0.25, -INF]])
    assert_log_softmax(submission, [
        *alone([-INF, 0.5, 2.0], [1.0, -INF, -INF, 1001.0]), (masked,), (masked, 0)
    ])


@check("log_softmax", points=0.5, hint="Does the arithmetic happen in float64 from the first line?"
                                       " Do you write into `x`, or keep anything between calls?")
def test_computes_in_or_writes_into_the_scores(submission):
    """Lists, integers and float32 give float64; scores stay as they were, calls start afresh."""
    lists = [1, 3, 2], [[1, 0], [2, 4], [0, 0]]
    cases = [*((scores,) for scores in lists), (BATCH,), (-BATCH,), (CUBE,), *NARROW_TYPES]
    for (scores,), value in each_unchanged(submission, "log_softmax", cases):
        assert_close(value, along(logarithms, scores), rtol=1e-9, atol=1e-11)  # float32: 1e-7
    assert_unchanged(submission, "log_softmax", BATCH, axis=0)
    assert_close(assert_afresh(submission, "log_softmax", [BATCH], [1.0 - BATCH]),
                 along(logarithms, 1.0 - BATCH), rtol=1e-9, atol=1e-11)  # the same

