"""The hidden checks of exercise 40: AUC, average precision, pass@k and nDCG.

Truth is counted: pairs one by one, thresholds one by one, draws as exact numbers of
combinations, all of them fractions of integers; nDCG is a loop over ranks in floats.

Scores are tied in the checks on ties alone, and of unusual types in the checks on types alone.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from gradekit.grading import (
    Truth,
    assert_close,
    assert_no_traces,
    assert_number,
    check,
    expect,
    seeds_of,
    show,
)

RTOL = 1e-9  # sums of a few fractions are within 1e-14; float32 is off by 1e-8 at least
ATOL = 1e-12  # where the result is 0
SAMPLES = 100_000
SECONDS = 2.0  # of processor time: sorting takes a hundredth of that, pairs a hundred times as much


# ---- truths ------------------------------------------------------------------------------------


def numbers(values):
    """Exact numbers of whatever came."""
    return [Fraction(value) for value in np.asarray(values).tolist()]


def pair_by_pair(y_true, scores):
    """How many of all pairs (positive, negative) are in order."""
    labelled = list(zip(numbers(y_true), numbers(scores), strict=True))
    positives = [score for label, score in labelled if label == 1]
    negatives = [score for label, score in labelled if label == 0]
    if not positives or not negatives:
        raise ValueError
    twice = sum(2 * (p > n) + (p == n) for p in positives for n in negatives)
    return float(Fraction(twice, 2 * len(positives) * len(negatives)))


def threshold_by_threshold(y_true, scores):
    """At each distinct score: the positives that are new there, times the precision."""
    labelled = list(zip(numbers(y_true), numbers(scores), strict=True))
    positives = sum(label == 1 for label, _ in labelled)
    if not positives:
        raise ValueError
    total = Fraction(0)
    for threshold in sorted({score for _, score in labelled}, reverse=True):
        retrieved = [label for label, score in labelled if score >= threshold]
        new = sum(label == 1 and score == threshold for label, score in labelled)
        total += Fraction(new, positives) * Fraction(int(sum(retrieved)), len(retrieved))
    return float(total)


def draws_with_a_correct_one(n, c, k):
    """Exact numbers of combinations."""
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError
    return float(Fraction(math.comb(n, k) - math.comb(n - c, k), math.comb(n, k)))


def rank_by_rank(relevance, scores, k):
    """Gains of the first k ranks, over the largest there could be."""
    relevance, scores = np.asarray(relevance).tolist(), np.asarray(scores).tolist()
    by_score = sorted(range(len(scores)), key=lambda i: (-Fraction(scores[i]), i))
    ideal = sorted(range(len(scores)), key=lambda i: -relevance[i])

    def gain(order):
        return math.fsum(
            (2.0 ** relevance[i] - 1.0) / math.log2(rank + 1)
            for rank, i in enumerate(order[:k], start=1)
        )

    best = gain(ideal)
    return gain(by_score) / best if best > 0 else 0.0


def labels(rng, N):
    """0 and 1, each at least once, the last one drawn as well."""
    y = rng.integers(0, 2, N)
    first, second = rng.choice(N, size=2, replace=False)
    y[first], y[second] = 0, 1
    return y


def distinct(rng, N):
    """Scores with steps of at least 0.05 between any two, none of them whole."""
    return rng.permutation(np.arange(N) * 0.25 - 0.9) + rng.uniform(0.0, 0.1, N)


def tied(rng, N):
    """Scores of which most are shared by several samples."""
    return rng.integers(0, 4, N) * 0.25 - 0.3


def many():
    """More samples than a look at the first thousand sees, and more positives than int8 counts."""
    rng = np.random.default_rng(17)
    return rng.integers(0, 2, 1100), rng.integers(0, 3, 1100) * 0.5


def size(rng):
    return int(rng.integers(6, 12))


def draw_distinct(rng):
    N = size(rng)
    return labels(rng, N), distinct(rng, N)


def draw_tied(rng):
    N = size(rng)
    return labels(rng, N), tied(rng, N)


def draw_many_tied(rng):
    """Enough samples for a sort that is not stable to show it."""
    N = int(rng.integers(60, 90))
    return labels(rng, N), rng.integers(0, 6, N) * 0.5


def draw_near(rng):
    """Scores that differ in their last digits only, and huge ones of either sign."""
    N = size(rng)
    near = 0.75 + rng.permutation(N) * 2.0**-48
    near[:2] = rng.permutation([1e308, -1.5e308])
    y = labels(rng, N)
    return y, near


TYPES = (np.bool_, np.uint8, np.int8, np.int64, np.float64, np.float32)
# None without a sign, and none so narrow that a sign does not fit: what becomes of `-scores` in
# such a type is no question of ranking.
SCORES = (np.int16, np.int32, np.int64, np.float32, np.float64)


def draw_types(rng):
    """Labels and scores of any type, without ties."""
    N = size(rng)
    y = labels(rng, N).astype(TYPES[int(rng.integers(len(TYPES)))])
    scores = rng.permutation(100)[:N].astype(SCORES[int(rng.integers(len(SCORES)))])
    scores[0] = 0
    return (y, scores) if rng.random() < 0.7 else (y.tolist(), scores.tolist())


def fixed(draw, *seeds):
    """Cases that `draw` makes of seeds of ours, the same in every run."""
    return [draw(np.random.default_rng(seed)) for seed in seeds]


def small_samples(values, both=True):
    """Up to four samples as lists; `both` classes, or at least a positive."""

    def inputs(st):
        sample = st.tuples(st.integers(0, 1), st.sampled_from(values))
        return (
            st.lists(sample, min_size=1, max_size=4)
            .map(lambda samples: tuple(map(list, zip(*samples, strict=True))))
            .filter(lambda case: 1 in case[0] and (not both or 0 in case[0]))
        )

    return inputs


def judge_share(actual, expected, *_, **__):
    """A number from 0 to 1, whichever."""
    share = assert_number(actual)
    expect(-1e-9 <= share <= 1 + 1e-9, f"expected {show(expected)}, got {show(actual)}")


LADDER = (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 0.25)
AUC = Truth("roc_auc", pair_by_pair, inputs=small_samples(LADDER), rtol=RTOL, atol=ATOL)
PRECISION = Truth("average_precision", threshold_by_threshold,
                  inputs=small_samples(LADDER, both=False), rtol=RTOL, atol=ATOL)
SOME_AUC = Truth("roc_auc", pair_by_pair, rtol=0.0, judge=judge_share)
SOME_PRECISION = Truth("average_precision", threshold_by_threshold, rtol=0.0, judge=judge_share)
SOME_PASS = Truth("pass_at_k", draws_with_a_correct_one, rtol=0.0, judge=judge_share)
PASS = Truth("pass_at_k", draws_with_a_correct_one, rtol=RTOL, inputs=lambda st: st.tuples(
    st.integers(1, 12), st.integers(0, 12), st.integers(1, 12)).filter(
        lambda case: max(case[1:]) <= case[0]))


def small_rankings(st):
    sample = st.tuples(st.integers(0, 3), st.sampled_from((0.0, 1.0, 0.5, 2.0)))
    return st.builds(
        lambda samples, k: (*map(list, zip(*samples, strict=True)), k),
        st.lists(sample, min_size=1, max_size=3), st.integers(1, 4),
    )  # fmt: skip


NDCG = Truth("ndcg", rank_by_rank, inputs=small_rankings, rtol=RTOL, atol=ATOL)


# ---- roc_auc -----------------------------------------------------------------------------------


@check("roc_auc", points=0.5, inputs=small_samples((1.0, 2.0, 3.0, 4.0)),
       hint="Take two positives and two negatives: how many pairs are there, and in how many of "
            "them is the positive higher?")  # fmt: skip
def test_counts_pairs_otherwise(submission):
    """Without ties, it is the share of pairs (positive, negative) that are in order."""
    cases = [(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.5, 0.8])),
             (np.array([1, 1, 0]), np.array([-3.0, 7.0, 1.5])),
             (np.array([0, 1]), np.array([1.0, 2.0])), (np.array([1, 0]), np.array([1.0, 2.0])),
             *fixed(draw_distinct, 1, 2, 3)]  # fmt: skip
    AUC.assert_holds(submission, cases, draw=draw_distinct, draws=3)


@check("roc_auc", points=0.5,
       hint="If all scores are equal, how often is the positive higher? And does yours change if "
            "the rows come in another order?")  # fmt: skip
def test_counts_ties_otherwise(submission):
    """A pair of equal scores counts half, in whichever order the samples come."""
    y, scores = np.array([1, 0, 1, 0, 0]), np.array([0.5, 0.5, 0.5, 0.25, 0.5])
    cases = [(y, scores), (y[::-1].copy(), scores[::-1].copy()), (1 - y, scores),
             (np.array([0, 1]), np.zeros(2)), (np.array([1, 0, 0]), np.array([-0.0, 0.0, 1.0])),
             *fixed(draw_tied, 4, 5), *fixed(draw_many_tied, 6)]  # fmt: skip
    AUC.assert_holds(submission, cases, draw=draw_tied)
    AUC.assert_holds(submission, [], draw=draw_many_tied, draws=1)


@check("roc_auc", points=0.5,
       inputs=small_samples((1.0, 1.0 + 2.0**-40, 1e308, -1e308, 2.0, 1e-300)),
       hint="Are 1 and 1 + 1e-12 equal, or what is 1e308 - (-1e308)? And need scores lie between "
            "0 and 1?")  # fmt: skip
def test_confuses_near_or_huge_scores(submission):
    """Scores are compared exactly, whether they are near to one another, tiny or huge."""
    y = np.array([1, 0, 1, 0, 0, 1])
    near = 1.0 + np.array([3, 5, 0, 2, 1, 4]) * 2.0**-50
    coarse = 1.0 + np.array([3, 5, 0, 2, 1, 4]) * 2.0**-17  # which float32 tells apart
    cases = [(y, coarse), (y, near), (y, near * 1e-300), (y, (near - 1.0) * 1e-290),
             (y, (near - 1.0) * 1e300),
             (y, np.array([1e308, -1e308, 1.7e308, -1.7e308, 0.0, -1.6e308])),
             *fixed(draw_near, 7)]  # fmt: skip
    AUC.assert_holds(submission, cases, draw=draw_near)


@check("roc_auc", points=0.5,
       hint="Do lists have the operators that you use, and what does `~` "
            "make of an integer 1?")  # fmt: skip
def test_minds_the_types(submission):
    """Lists and arrays of booleans, floats and integers of any type give the same."""
    y, scores = [1, 0, 1, 0, 0, 1], [3, 0, 200, 7, 100, 90]
    cases = [(np.array(y, dtype=kind), np.array(scores, dtype=other))
             for kind, other in zip(TYPES, (*SCORES, np.int64), strict=True)]  # fmt: skip
    cases += [(y, scores), (tuple(map(bool, y)), tuple(scores)), ([0.0, 1.0], [2, -1]),
              (np.array(y, dtype=bool), scores)]  # fmt: skip
    AUC.assert_holds(submission, cases, draw=draw_types, draws=4, unchanged=True)


@check("roc_auc", points=0.5,
       hint="How many pairs are there if nobody is positive? And if everybody is?")  # fmt: skip
def test_accepts_a_single_class(submission):
    """Samples of one class raise a ValueError; one sample of each class does not."""
    for y in (np.array([1, 1, 1]), np.array([0, 0]), np.array([True]), np.array([0.0])):
        with pytest.raises(ValueError):
            submission.roc_auc(y, np.arange(len(y)) * 0.5)
    # Which numbers they are is for other checks.
    SOME_AUC.assert_holds(submission, [(np.array([0, 1]), np.array([0.5, 0.75]))],
                          draw=draw_distinct)  # fmt: skip


def timed(answer, seed, count):
    import time

    # Two rising runs: pairs are as many as ever, and sorting them takes a tenth of the time.
    scores = np.roll(np.arange(float(count)), seed % count)
    y = np.random.default_rng(seed).integers(0, 2, count)
    before = time.process_time()
    value = answer.roc_auc(y, scores)
    return value, time.process_time() - before


@check("roc_auc", points=0.5,
       hint="100,000 samples have up to 2.5 billion pairs. How many steps does a sort take, and "
            "what does it tell you about pairs?")  # fmt: skip
def test_looks_at_every_pair(submission):
    """100,000 samples take at most 2 seconds of processor time, and the result is right."""
    (seed,) = seeds_of(submission, 1)
    value, seconds = submission.probe(timed, seed, SAMPLES)
    given = f"roc_auc of {SAMPLES:,} samples"
    expect(isinstance(seconds, float) and seconds <= SECONDS,
           f"it took {seconds:.1f} seconds", given=given)  # fmt: skip
    ranks = np.roll(np.arange(SAMPLES), seed % SAMPLES)  # scores that are their own ranks
    positives = ranks[np.random.default_rng(seed).integers(0, 2, SAMPLES) == 1]
    P = len(positives)
    below = int(positives.sum()) - P * (P - 1) // 2
    assert_close(value, below / (P * (SAMPLES - P)), rtol=RTOL, given=given)


def draw_extreme_auc(rng):
    """Nearly perfect or nearly hopeless, so that no constant is about right."""
    y = labels(rng, 8)
    best = np.argsort(np.argsort(y, kind="stable")) * 0.5 + rng.uniform(0.0, 0.3, 8)
    return y, best if rng.random() < 0.5 else -best


@check("roc_auc", points=0.5,
       hint="Do you sort somebody else's array in place? And is anything kept from one call to "
            "the next?")  # fmt: skip
def test_auc_leaves_traces(submission):
    """Labels and scores stay as they were, may lie anyhow in memory; each call starts afresh."""
    y, scores = np.array([0, 1, 0, 1, 1]), np.array([0.1, 2.4, 0.3, 1.8, 0.9])
    assert_no_traces(submission, AUC, [(y, scores), (y, -scores)], draw=draw_extreme_auc, rtol=0.2)


# ---- average_precision -------------------------------------------------------------------------


@check("average_precision", points=0.5, inputs=small_samples((1.0, 2.0, 3.0, 4.0), both=False),
       hint="Walk down the ranking 1, 0, 1: what is the precision at each positive, and by how "
            "much does the recall grow there?")  # fmt: skip
def test_averages_otherwise(submission):
    """Without ties, it is the sum of the gains in recall times the precision there."""
    cases = [(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])),
             (np.array([0, 0, 1]), np.array([3.0, 2.0, 1.0])), (np.array([1, 0]), np.array([2, 1])),
             *fixed(draw_distinct, 11, 12, 13)]  # fmt: skip
    PRECISION.assert_holds(submission, cases, draw=draw_distinct, draws=3)


@check("average_precision", points=1, inputs=small_samples((0.0, 1.0, 0.5), both=False),
       hint="If all scores are equal, there is a single threshold. What is the precision there, "
            "whatever the order of the rows?")  # fmt: skip
def test_lets_ties_enter_one_by_one(submission):
    """Samples of equal score enter together, in whichever order they come."""
    y, scores = np.array([1, 0, 1, 0, 0]), np.array([0.5, 0.5, 0.5, 0.25, 0.5])
    cases = [(y, scores), (y[::-1].copy(), scores[::-1].copy()), (1 - y, scores),
             (np.array([1, 0]), np.zeros(2)), (np.array([0, 1]), np.zeros(2)),
             (np.array([1, 0, 0]), np.array([-0.0, 0.0, -1.0])),
             *fixed(draw_tied, 14, 15), *fixed(draw_many_tied, 16), many()]  # fmt: skip
    PRECISION.assert_holds(submission, cases, draw=draw_tied)
    PRECISION.assert_holds(submission, [], draw=draw_many_tied, draws=1)


@check("average_precision", points=0.5,
       hint="Recall is a share of the positives. What if there are none? And is there a problem "
            "if there are no negatives?")  # fmt: skip
def test_accepts_no_positive(submission):
    """Without a positive it raises a ValueError; without a negative it is 1."""
    for y in (np.array([0, 0, 0]), np.array([False, False]), np.array([0.0])):
        with pytest.raises(ValueError):
            submission.average_precision(y, np.arange(len(y)) * 0.5)
    cases = [(np.ones(3), np.array([0.5, 0.25, 0.75])), (np.ones(1), np.array([0.5])),
             (np.ones(2), np.array([0.25, 0.5]))]  # fmt: skip
    PRECISION.assert_holds(submission, cases)
    SOME_PRECISION.assert_holds(submission, [], draw=draw_distinct)  # as for roc_auc


@check("average_precision", points=0.5,
       hint="Which operators has a list? Does your sort leave the "
            "argument in its order, and compare exactly?")  # fmt: skip
def test_minds_types_or_leaves_traces(submission):
    """Labels and scores of any type, near or far apart, give the same and stay as they were."""
    y, scores = [1, 0, 1, 0, 0, 1], [3, 0, 200, 7, 100, 90]
    near = 1.0 + np.array([3, 5, 0, 2, 1, 4]) * 2.0**-50
    coarse = 1.0 + np.array([3, 5, 0, 2, 1, 4]) * 2.0**-17  # which float32 tells apart
    cases = [(y, coarse)]
    cases += [(np.array(y, dtype=kind), np.array(scores, dtype=other))
             for kind, other in zip(TYPES, (*SCORES, np.int64), strict=True)]  # fmt: skip
    cases += [(y, scores), (tuple(map(bool, y)), tuple(scores)), ([0.0, 1.0], [2, -1]),
              (y, near), (np.array(y), near * 1e300), (y, near * 1e-300)]  # fmt: skip
    PRECISION.assert_holds(submission, cases, draw=draw_types, draws=4, unchanged=True)
    arrays = np.array([0, 0, 0, 1, 0, 0]), np.array([0.1, 0.4, 0.3, 1.8, 0.9, 2.0])
    assert_no_traces(submission, PRECISION, [arrays, (arrays[0], -arrays[1])],
                     draw=draw_extreme_auc, rtol=0.2)  # fmt: skip


# ---- pass_at_k ---------------------------------------------------------------------------------


def draw_few(rng):
    """Some wrong ones are left for every draw."""
    n = int(rng.integers(6, 40))
    c = int(rng.integers(1, n - 2))
    return n, c, int(rng.integers(1, n - c + 1))


def draw_certain(rng):
    """Fewer wrong ones than are drawn."""
    n = int(rng.integers(5, 60))
    c = int(rng.integers(2, n + 1))
    return n, c, int(rng.integers(n - c + 1, n + 1))


def draw_many(rng):
    """Numbers of samples at which factorials overflow, and few correct ones."""
    n = int(rng.integers(3000, 10001))
    return n, int(rng.integers(1, 6)), int(rng.integers(1, 4))


def draw_many_drawn(rng):
    n = int(rng.integers(3000, 10001))
    return n, int(rng.integers(1, 4)), int(rng.integers(n // 4, n // 2))


@check("pass_at_k", points=0.5,
       hint="Two samples, one of them correct, both drawn: how often is the correct one among "
            "them? And what does 1 - (1 - c / n)**k say?")  # fmt: skip
def test_estimates_with_a_bias(submission):
    """It is one minus the share of draws of k, without putting back, that have no correct one."""
    cases = [(10, 3, 1), (10, 3, 5), (5, 2, 3), (4, 1, 2), (20, 5, 10), (200, 7, 10), (3, 1, 1)]
    PASS.assert_holds(submission, cases, draw=draw_few, draws=4)


@check("pass_at_k", points=0.5,
       hint="How many digits has lgamma(10001) before the point, and how many are left behind "
            "it? Which factors of the two binomials cancel?")  # fmt: skip
def test_loses_digits_of_large_n(submission):
    """It is right to 1e-9 for n up to 10,000, however many are correct and are drawn."""
    cases = [(10_000, 1, 1), (10_000, 2, 1), (10_000, 1, 3), (9_973, 3, 2), (10_000, 1, 5_000),
             (10_000, 3, 4_000), (8_191, 1, 2), (10_000, 5_000, 1), (10_000, 9_999, 1),
             (10_000, 40, 100), (2_000, 1_000, 3)]  # fmt: skip
    PASS.assert_holds(submission, cases, draw=draw_many)
    PASS.assert_holds(submission, [], draw=draw_many_drawn)


@check("pass_at_k", points=0.5,
       hint="Of five samples one is wrong, and two are drawn. What is the result, and does a "
            "binomial with more drawn than there are trouble you? And if none is correct?")
def test_stumbles_where_all_is_certain(submission):
    """It is 0 if no sample is correct, and 1 if fewer are wrong than are drawn."""
    cases = [(5, 0, 3), (1, 0, 1), (10_000, 0, 10_000), (7, 0, 7), (5, 4, 2), (5, 5, 1), (1, 1, 1),
             (6, 1, 6), (10_000, 10_000, 1), (10_000, 5_001, 5_000), (100, 60, 50),
             # The factors of a product are so large here that it overflows before it meets a 0.
             (10_000, 9_000, 9_999)]
    PASS.assert_holds(submission, cases, draw=draw_certain)
    PASS.assert_holds(submission, [(6, 3, 3), (5, 1, 4)], draw=draw_few)


@check("pass_at_k", points=0.5,
       hint="Which of c = -1, c = n + 1, k = 0 and k = n + 1 does your code notice, also where it "
            "returns early?")  # fmt: skip
def test_accepts_impossible_numbers(submission):
    """It raises a ValueError unless 0 <= c <= n and 1 <= k <= n."""
    for wrong in ((5, -1, 2), (5, 6, 2), (5, 2, 0), (5, 2, 6), (5, 2, -1), (5, 0, 6), (5, 0, 0),
                  (5, 5, 6), (5, 5, 0), (0, 0, 1), (0, 0, 0), (-3, -4, -5), (5, 6, 5)):
        with pytest.raises(ValueError):
            submission.pass_at_k(*wrong)
    SOME_PASS.assert_holds(submission, [(6, 2, 3), ((), {"n": 7, "c": 2, "k": 2})],
                           draw=draw_few)  # fmt: skip


# ---- ndcg --------------------------------------------------------------------------------------


def draw_ranking(rng):
    """All ranks count, no scores are equal."""
    N = size(rng)
    return rng.integers(0, 4, N) + rng.choice([0.0, 0.5], N), distinct(rng, N), N


def draw_top(rng):
    relevance, scores, N = draw_ranking(rng)
    relevance[int(rng.integers(N))] = 5.0
    return relevance, scores, int(rng.integers(1, N + 3))


def draw_long_ranking(rng):
    """Longer than any list that people look at, and what counts most stands far down."""
    N = int(rng.integers(300, 400))
    relevance = np.where(np.arange(N) < 290, 0.5, 3.0)
    return relevance, -np.arange(N) - rng.random(N), N - int(rng.integers(5))


def draw_near_ranking(rng):
    """Scores that differ by less than float32 or six decimals can tell."""
    N = size(rng) + 2
    return rng.permutation(N) % 5, 0.5 + rng.permutation(N) * 2.0**-36, int(rng.integers(2, N + 1))


def draw_tied_ranking(rng):
    """Enough samples for a sort that is not stable to show it, and nearly all of them tied."""
    N = int(rng.integers(40, 60))
    return rng.integers(0, 4, N), rng.integers(0, 3, N) * 0.5, int(rng.integers(5, 30))


def draw_tied_few(rng):
    N = size(rng)
    return rng.permutation(N) * 0.5, rng.integers(0, 2, N) * 0.5, int(rng.integers(1, N + 1))


@check("ndcg", points=0.5,
       hint="Which rank has the first sample, 0 or 1, and what is its discount? What is the gain "
            "of a relevance of 3?")  # fmt: skip
def test_gains_or_discounts_otherwise(submission):
    """Gains are 2**relevance - 1, discounts 1 / log2(rank + 1), and the best order gets 1."""
    cases = [(np.array([3.0, 2.0, 0.0, 1.0]), np.array([0.3, 0.9, 0.5, 0.1]), 4),
             (np.array([1.0, 0.0]), np.array([1.0, 2.0]), 2),
             (np.array([0.5, 2.5, 1.0]), np.array([3.0, 1.0, 2.0]), 3),
             *fixed(draw_ranking, 21, 22)]  # fmt: skip
    NDCG.assert_holds(submission, cases, draw=draw_ranking, draws=3)


@check("ndcg", points=0.5,
       hint="A ranking misses the best sample, which stands at place k + 1. Has it reached the "
            "ideal? And what if k is larger than N?")  # fmt: skip
def test_cuts_the_ranking_otherwise(submission):
    """Only the top k count, in the ideal order too, which is made of all samples."""
    relevance, scores = np.array([3.0, 2.0, 0.0, 1.0, 4.0]), np.array([0.3, 0.9, 0.5, 0.1, 0.2])
    cases = [(relevance, scores, k) for k in (1, 2, 3, 4, 5, 6, 50)]
    cases += [((), {"relevance": relevance, "scores": -scores, "k": 2}),
              (np.ones(1), np.ones(1), 1), (np.array([2.0]), np.array([-1.0]), 3),
              *fixed(draw_top, 23, 24), *fixed(draw_long_ranking, 27)]  # fmt: skip
    NDCG.assert_holds(submission, cases, draw=draw_top, draws=3)
    NDCG.assert_holds(submission, [], draw=draw_long_ranking, draws=1)


@check("ndcg", points=0.5,
       hint="Two samples share the highest score. Which of them comes first? And does a reversed "
            "sort keep that order?")  # fmt: skip
def test_ranks_ties_otherwise(submission):
    """Of equal scores the sample that stands earlier comes first."""
    relevance = np.array([1.0, 3.0, 0.0, 2.0, 4.0])
    cases = [(relevance, np.array([0.5, 0.5, 0.5, 0.5, 0.5]), 2),
             (relevance, np.array([1.0, 2.0, 1.0, 2.0, 1.0]), 3),
             (np.array([0.0, 1.0]), np.array([0.5, 0.5]), 2), (relevance, np.zeros(5), 3),
             (np.array([0.0, 2.0, 1.0]), np.array([-0.0, 0.0, -0.0]), 1),
             *fixed(draw_tied_few, 25), *fixed(draw_tied_ranking, 26),
             *fixed(draw_near_ranking, 28)]  # fmt: skip
    NDCG.assert_holds(submission, cases, draw=draw_tied_few)
    NDCG.assert_holds(submission, [], draw=draw_near_ranking)
    NDCG.assert_holds(submission, [], draw=draw_tied_ranking, draws=2)


def draw_odd_ranking(rng):
    """Relevances and scores of several types."""
    N = size(rng)
    kinds = (np.int16, np.int64, np.float32)
    relevance = rng.integers(0, 12, N).astype(kinds[int(rng.integers(3))])
    relevance[0] = 9
    scores = rng.permutation(100)[:N].astype(kinds[int(rng.integers(3))])
    scores[-1] = 0
    k = int(rng.integers(1, N + 1))
    if rng.random() < 0.3:
        return relevance.tolist(), scores.tolist(), k
    return relevance, scores, k


@check("ndcg", points=0.5,
       hint="What is 0 / 0 if nothing is relevant? And which operators has a list?")  # fmt: skip
def test_stumbles_over_zeros_or_types(submission):
    """Where nothing is relevant it is 0; lists and all types of numbers will do, and stay."""
    cases = [(np.zeros(3), np.array([0.5, 0.25, 0.75]), 2), ([0], [1.0], 1), ([0, 0], [1, 2], 5),
             ([3, 0, 2], [0.2, 0.9, 0.5], 2), ((1, 2, 3), (3, 1, 2), 3),
             (np.array([8, 0, 3], np.int16), np.array([1, 0, 2], np.int16), 3),
             (np.array([7, 9, 1], np.int32), np.array([5.0, 2.0, 7.0], np.float32), 2),
             ([0, 40, 33], [3, 2, 1], 3), ([1, 2, 0], np.array([0, 200, 100], np.int16), 2),
             (np.array([0.3, 2.7, 1.1], np.float32), np.array([3.0, 1.0, 2.0]), 3),
             (np.array([0.0, 0.0, 1.0]), np.array([2.0, 1.0, 0.0]), 2),
             # Above 0, though little.
             (np.array([0.25, 0.5, 0.125]), np.array([1.0, 2.0, 3.0]), 3),
             (np.array([0.0, 1e-10]), np.array([2.0, 1.0]), 2)]  # fmt: skip
    NDCG.assert_holds(submission, cases, draw=draw_odd_ranking, draws=4, unchanged=True)
    relevance, scores = np.array([0.0, 4.0, 1.0, 0.0]), np.array([4.0, 3.0, 2.0, 1.0])
    assert_no_traces(submission, NDCG, [(relevance, scores, 1), (4.0 - relevance, scores, 1)],
                     draw=draw_top, rtol=0.3)  # fmt: skip
