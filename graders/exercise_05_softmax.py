"""The hidden checks of exercise 05.

Truth is the definition itself, exp over the sum, in decimals of 28 digits whose exponents reach
a million: they neither overflow nor underflow here, so there is no trick to trust. Only scores
too large for that (1e300) are counted from the largest, from which they differ exactly.

A call costs more than the numbers in it, so a check makes few, and draws one case.
"""

from decimal import Decimal
from functools import cache

import numpy as np

from gradekit.grading import Truth, assert_no_traces, check

INF = float("inf")

# Non-square, unsymmetric, and with the maximum of each axis in changing places.
BATCH = np.array([[0.5, -1.25, 2.0, 0.0], [3.0, 1.5, -0.75, 2.25], [-2.0, 0.25, 1.0, 1.75]])
SQUARE = np.array([[0.5, -1.25, 2.0], [3.0, 1.5, -0.75], [-2.0, 0.25, 4.0]])
CUBE = np.random.default_rng(5).integers(-12, 13, size=(2, 3, 4)) / 4
LONG = np.cos(np.arange(300.0))  # more classes than anything above
NARROW_TYPES = [
    (np.array([100, -100, 99], dtype=np.int8),),
    (np.array([[2, 0, 3], [250, 255, 251]], dtype=np.uint8),),
    (np.array([-128, -127, -126], dtype=np.int8),),
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
    scores = [Decimal(float(score)) for score in scores]
    total = sum(score.exp() for score in scores)
    return [float(score - total.ln()) for score in scores]


@cache
def lines(definition, contents, shape, axis):
    return np.apply_along_axis(definition, axis, np.frombuffer(contents).reshape(shape))


def along(definition, x, axis=-1):
    """`definition` for each line of scores along `axis`; worked out once for all submissions."""
    scores = np.asarray(x, dtype=np.float64)
    if np.abs(scores[np.isfinite(scores)]).max() > 1e5:
        with np.errstate(over="ignore"):  # -1e308 lies further below 1e308 than floats reach
            scores = scores - scores.max(axis, keepdims=True)
    return lines(definition, scores.tobytes(), scores.shape, axis)


# Where the smallest counterexample is looked for: a few scores of each sort.


def ordinary(st):
    small = st.integers(-4, 4).map(float)
    line = st.lists(small, min_size=1, max_size=3)
    rows = st.lists(st.tuples(small, small), min_size=2, max_size=3)
    return st.tuples(st.one_of(line, rows).map(np.array))


def large(st):
    scores = st.sampled_from([0.0, 710.0, 1000.0, -1000.0, 3000.0])
    return st.tuples(st.lists(scores, min_size=1, max_size=3).map(np.array))


def rows_apart(st):
    pair = st.tuples(st.integers(-4, 4).map(float), st.integers(-4, 4).map(float))
    return st.tuples(pair.map(lambda row: np.array([[3000.0, 3001.0], [*row]])))


def axes(st):
    small = st.integers(-4, 4).map(float)
    rows = st.lists(st.tuples(small, small), min_size=2, max_size=3).map(np.array)
    return st.tuples(st.tuples(rows), st.fixed_dictionaries({"axis": st.sampled_from([0, 1])}))


def masked(st):
    row = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=2)
    return st.tuples(row.map(lambda row: np.array([-INF, *row])))


def types(st):
    row = st.lists(st.integers(-4, 4), min_size=1, max_size=3)
    return st.tuples(st.one_of(
        row, row.map(lambda row: np.array(row, dtype=np.int8)),
        row.map(lambda row: np.array([25 * n for n in row], dtype=np.int8)),
        row.map(lambda row: np.array(row, dtype=np.float32) / 3),
    ))


def any_scores(st):
    return st.one_of(*(sort(st) for sort in (ordinary, large, rows_apart, axes, masked, types)))


SOFTMAX = Truth(
    "softmax", lambda x, axis=-1: along(probabilities, x, axis), inputs=any_scores,
    rtol=1e-9,  # any sound float64 formula is within 1e-12
)
LOG_SOFTMAX = Truth(
    "log_softmax", lambda x, axis=-1: along(logarithms, x, axis), inputs=any_scores,
    rtol=1e-10, atol=1e-11,  # x - logsumexp(x) errs by 1e-12 at scores of 5000
)
# Where a check is about something else than digits: who rounds has lost his points elsewhere.
ROUGHLY = {"rtol": 1e-3, "atol": 1e-4}


def few(rng):
    return (rng.normal(size=rng.integers(2, 6)) * 2,)


def around_a_thousand(rng):
    return (rng.normal(size=4) * 2 + rng.integers(800, 1200),)


def far_below_and_apart(rng):
    scores = rng.permutation([-1500.0, -1500.5, -2400.0, -1499.0])
    return (scores + rng.normal(),)


def rows_far_apart(rng):
    return (rng.normal(size=(3, 4)) + rng.permutation([-3000.0, 0.0, 3000.0])[:, None],)


def batch(rng):
    return (rng.normal(size=(*rng.integers(2, 4, size=2), 3)) * 2,)


def across(rng):
    scores = rng.normal(size=(3, 3, 3)) * 2
    return (scores, int(rng.integers(-3, 2)))


def with_impossible(rng):
    scores = rng.normal(size=(2, 4))
    scores[[0, 1], rng.integers(4, size=2)] = -INF
    return (scores,)


def narrow(rng):
    return (rng.integers(-128, 128, size=4).astype(np.int8),)


def far_in_the_tail(rng):
    return (np.append(rng.normal(size=2), rng.uniform(-3000, -800, size=2)),)


def alone(*vectors):
    """Cases of one argument each, an array."""
    return [(np.array(scores),) for scores in vectors]


# First, last and between, counted from either end.
AXES = [(SQUARE, 0), (CUBE, 1), (CUBE, 2), (CUBE, -3), (CUBE, -2), (CUBE.reshape(2, 3, 2, 2), 1)]


@check("softmax", points=1, hint="Take two scores and a pocket calculator: e to the power of each,"
                                 " divided by the sum of both. Where does your result part from "
                                 "it?",
       inputs=ordinary)
def test_departs_from_exp_over_sum(submission):
    """A few small scores give exp(score) over the sum of all, to the last digits."""
    cases = alone([0.5, -1.25, 2.0, 0.0], [-3.0, 1.0], [0.75], [-30.0, 1.0, 2.5, -0.125, 1.0],
                  LONG)
    # Formulas in float64 err by 1e-14.
    SOFTMAX.assert_holds(submission, cases, draw=few, draws=1, rtol=2e-13)


@check("softmax", points=1, hint="exp(1000) is inf, and inf / inf is nan. What can you subtract "
                                 "from all scores without changing their probabilities?",
       inputs=large)
def test_exponentiates_raw_scores(submission):
    """Scores around 1000 give finite probabilities."""
    SOFTMAX.assert_holds(submission, alone(
        [1000.0, 1001.0], [720.0, 100.0, 50.0, 719.0]
    ), draw=around_a_thousand, draws=1, **ROUGHLY)


@check("softmax", points=0.5, hint="What does your shift leave if all scores are -1000, or if one "
                                   "score is thousands above the mean? Which shift always works?",
       inputs=large)
def test_shifts_by_something_other_than_the_maximum(submission):
    """Very negative scores, scores far apart and scores near the largest float work as well."""
    SOFTMAX.assert_holds(submission, alone(
        [-1000.0, -1001.0, -1000.5], [0.0, -600.0, 2.0], [-2000.0, 2001.0, 2000.0],
        [0.0, 0.0, 0.0, 3000.0, 0.0], [-8e307, 8e307, 0.0], [-1e300, -5e299], [8e307, 4e307],
        [2**24, 2**24 + 1],  # float32 cannot tell them apart
    ), draw=far_below_and_apart, draws=1, **ROUGHLY)


@check("softmax", points=1, hint="Each row is a question of its own. If one row lies 3000 above "
                                 "another, whose maximum do you subtract from the lower one?",
       inputs=rows_apart)
def test_subtracts_one_maximum_from_all_rows(submission):
    """Rows that lie thousands apart do not disturb one another."""
    stacked = np.stack([FAR_APART, FAR_APART[::-1] - 2000.0])
    SOFTMAX.assert_holds(submission, [(FAR_APART,), (stacked,), ((FAR_APART.T,), {"axis": 0})],
                         draw=rows_far_apart, draws=1, **ROUGHLY)


@check("softmax", points=0.5, hint="In a batch (N, C) each sample's classes lie along the last "
                                   "axis. What do your rows sum to, and what your columns?",
       inputs=ordinary)
def test_normalizes_the_wrong_axis_by_default(submission):
    """Without `axis`, each line along the last axis becomes a distribution."""
    SOFTMAX.assert_holds(submission, alone(
        BATCH, SQUARE, BATCH[:1], BATCH[:, :1], CUBE.reshape(2, 1, 3, 2, 2)
    ), draw=batch, draws=1, **ROUGHLY)


@check("softmax", points=0.5, hint="Does `axis` reach both the maximum and the sum? And do their "
                                   "results still line up with the scores when it is not the last?",
       inputs=axes)
def test_ignores_the_axis(submission):
    """`axis` chooses the axis of the classes, first, last or between, by position or by name."""
    SOFTMAX.assert_holds(submission, [
        *AXES, ((BATCH,), {"axis": 0}), ((), {"x": CUBE, "axis": 1}),
    ], draw=across, draws=1, **ROUGHLY)


@check("softmax", points=0.5, hint="What is exp(-inf)? And does anything that you do before or "
                                   "after it turn -inf into a number, or into nan?",
       inputs=masked)
def test_mishandles_impossible_scores(submission):
    """A score of -inf gets probability 0 and leaves the others as they would be without it."""
    masked = np.array([[-INF, 1.0, 2.0], [0.0, -INF, -INF], [0.5, 0.25, -INF]])
    SOFTMAX.assert_holds(submission, [
        *alone([-INF, 0.5, 2.0]), (masked,),
        # -inf is not just a large negative number: any finite score outweighs it.
        *alone([-INF, -1e12]),
    ], draw=with_impossible, draws=1, rtol=1e-2, atol=0.0)  # the probability is 0, not nearly 0


@check("softmax", points=0.5, hint="In which type does your arithmetic happen? What is -100 - 100 "
                                   "in int8, and how many digits has float32?",
       inputs=types)
def test_computes_in_the_type_of_the_scores(submission):
    """Lists, integers of any size and float32 scores give float64 probabilities."""
    lists = [1, 3, 2], [[1, 0], [2, 4], [0, 0]]
    SOFTMAX.assert_holds(submission, [*((scores,) for scores in lists), *NARROW_TYPES],
                         draw=narrow, draws=1)


@check("softmax", points=0.5, hint="Do you write into `x`, with `-=` for instance? And does "
                                   "anything outlive a call: a global, a cache, a default "
                                   "argument? Does it matter how `x` lies in memory?",
       inputs=ordinary)
def test_changes_its_scores_or_remembers_them(submission):
    """The scores of softmax stay as they were, however they lie, and every call starts afresh."""
    cases = [(BATCH,), (1.0 - BATCH,), ([[1.0, 3.0], [2.0, 0.5]],), (np.array([[4, 1], [0, 2]]),),
             ((BATCH,), {"axis": 0})]
    assert_no_traces(submission, SOFTMAX, cases, draw=batch, rtol=1e-3)


@check("log_softmax", points=0.5, hint="Take the natural logarithm of one probability on a pocket "
                                       "calculator. Is yours as large, and has it the same sign?",
       inputs=ordinary)
def test_departs_from_the_log_of_softmax(submission):
    """A few small scores give the natural logarithm of their probabilities."""
    cases = alone([0.5, -1.25, 2.0, 0.0], [-3.0, 1.0], [0.75], [2.5, -0.125, 1.0, 1.0], LONG)
    # float64 formulas err by 1e-15; log 1 may be 1e-16.
    LOG_SOFTMAX.assert_holds(submission, cases, draw=few, draws=1, rtol=1e-12, atol=1e-13)


@check("log_softmax", points=1, hint="The probability exp(-1000) is stored as 0. What is log(a / "
                                     "b) on paper, before any number is put in?",
       inputs=large)
def test_takes_the_log_of_an_underflowed_probability(submission):
    """The logarithm is exact where the probability itself is too small for a float."""
    LOG_SOFTMAX.assert_holds(submission, alone(
        [0.0, -1000.0], [5.0, -745.0, 4.0], [2.0, -20.0, -50.0, -5000.0]
    ), draw=far_in_the_tail, draws=1, **ROUGHLY)


@check("log_softmax", points=0.5, hint="Where does exp meet the raw scores? Which number, taken "
                                       "off all of them, leaves the answer as it is?",
       inputs=large)
def test_overflows_on_large_scores(submission):
    """Scores in the thousands, on either side of zero, and up to 1e300 stay finite and right."""
    LOG_SOFTMAX.assert_holds(submission, alone(
        [1000.0, 1001.0], [-2000.0, -2001.0], [0.0, 1e300], [-5e307, 5e307],
        [2**24, 2**24 + 1],  # float32 cannot tell them apart
    ), draw=around_a_thousand, draws=1, **ROUGHLY)


@check("log_softmax", points=1, hint="Which axis do the maximum and the sum run along, and are "
                                     "they those of each row? Do their shapes still fit the "
                                     "scores?",
       inputs=lambda st: st.one_of(ordinary(st), axes(st), rows_apart(st)))
def test_mixes_up_rows_or_axes(submission):
    """Each line along `axis` is judged by itself: the last axis, unless `axis` says otherwise."""
    LOG_SOFTMAX.assert_holds(submission, [
        *alone(BATCH, SQUARE, FAR_APART, BATCH[:1], BATCH[:, :1], CUBE.reshape(2, 1, 3, 2, 2)),
        *AXES, ((FAR_APART.T,), {"axis": 0}), ((), {"x": CUBE, "axis": 1}),
    ], draw=across, draws=1, **ROUGHLY)


@check("log_softmax", points=0.5, hint="log(0) is -inf, and here that is the right answer. Does "
                                       "anything in your code replace it, or make it nan?",
       inputs=masked)
def test_hides_impossible_scores(submission):
    """A score of -inf has the logarithm -inf, and the others are as without it."""
    masked = np.array([[-INF, 1.0, 2.0], [0.0, -INF, -INF], [0.5, 0.25, -INF]])
    LOG_SOFTMAX.assert_holds(submission, [
        *alone([-INF, 0.5, 2.0]), (masked,)
    ], draw=with_impossible, draws=1, **ROUGHLY)


@check("log_softmax", points=0.5, hint="Does the arithmetic happen in float64 from the first line?"
                                       " Do you write into `x`, or keep anything between calls?")
def test_computes_in_or_writes_into_the_scores(submission):
    """log_softmax gives float64 for any type; scores stay as they were, calls start afresh."""
    lists = [1, 3, 2], [[1, 0], [2, 4], [0, 0]]
    cases = [(BATCH,), (1.0 - BATCH,), *((scores,) for scores in lists), ((BATCH,), {"axis": 0}),
             *NARROW_TYPES]
    # float32 errs by 1e-7.
    assert_no_traces(submission, LOG_SOFTMAX, cases, draw=narrow, rtol=1e-9)
