"""Hidden checks of exercise 14.

Weights and metrics are stated as counts and `fractions.Fraction`, the loss sample by sample with
`math.log`. Oversampled data has no one right value: rows are counted, and what random draws must
look like is judged with margins of at least six standard deviations, so that no fair draw fails.
"""

import math
import random
from collections import Counter
from fractions import Fraction

import numpy as np

from gradekit.grading import (
    assert_afresh,
    assert_array,
    assert_close,
    assert_equal,
    assert_number,
    assert_unchanged,
    check,
    expect,
    same,
    show,
)

# --------------------------------------------------------------------- balanced_class_weights


def weights_by_counting(labels):
    """n / (classes * count) for every label, as exact fractions."""
    counts = Counter(labels.tolist())
    return {
        label: Fraction(len(labels), len(counts) * count) for label, count in counts.items()
    }


def assert_weights(answer, labels, given):
    """Fail unless `answer` is a dict of the right labels with the right weights."""
    expect(isinstance(answer, dict), f"expected a dict, got {type(answer).__name__}", given=given)
    expected = weights_by_counting(labels)
    expect(
        set(answer) == set(expected),
        f"expected the keys {sorted(expected)}, got {show(list(answer))}",
        given=given,
    )
    for label, weight in expected.items():
        assert_close(
            answer[label],
            float(weight),
            rtol=1e-12,  # a product and a quotient of small integers
            given=f"{given}[{label}]",
        )


RARE = np.array([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0])  # 9 and 2
THREE = np.array([2, 0, 1, 1, 0, 0, 0, 2, 0, 1])  # 5, 3 and 2


@check(
    "balanced_class_weights",
    points=1,
    hint="If every class is equally frequent, each weight should be 1. Does yours contain the "
    "number of samples and the number of classes?",
)
def test_weighs_by_another_formula(submission):
    """Each label weighs n_samples / (n_classes * count)."""
    rarer = np.array([0] * 299 + [1])
    for labels in (RARE, THREE, np.array([1, 0, 1, 0]), THREE.astype(np.int32), rarer,
                   rarer.astype(np.int8)):
        assert_weights(
            submission.balanced_class_weights(labels),
            labels,
            given=f"balanced_class_weights({labels.tolist()})",
        )


@check(
    "balanced_class_weights",
    points=0.5,
    hint="What does np.bincount make of label 7 if nobody has label 6? And how many classes "
    "are there?",
)
def test_counts_classes_that_do_not_occur(submission):
    """Only labels that occur count and get a weight, negative ones and ones with gaps too."""
    for values in ([7, 2, 2, 7, 2, 2, 4], [-1, 1, -1, -1, -1, 1], [5, 5, 5], [1, 1]):
        labels = np.array(values)
        assert_weights(
            submission.balanced_class_weights(labels),
            labels,
            given=f"balanced_class_weights({values})",
        )


@check(
    "balanced_class_weights",
    points=0.5,
    hint="`type(key)` of what np.unique gives is np.int64, which json.dumps refuses. And what "
    "does the second call know about the first?",
)
def test_keys_are_not_python_integers(submission):
    """The keys are Python ints, the labels stay as they were, nothing is remembered."""
    for labels in (np.array([3, 1, 1]), np.array([1, 0, 2, 2]), RARE, np.array([2, 1, 2, 2])):
        answer = assert_unchanged(submission, "balanced_class_weights", labels)
        given = f"balanced_class_weights({labels.tolist()})"
        assert_weights(answer, labels, given)
        kinds = sorted({type(key).__name__ for key in answer})
        expect(kinds == ["int"], f"expected keys of type int, got {kinds}", given=given)
    assert_weights(
        submission.balanced_class_weights(labels=THREE), THREE, "balanced_class_weights(labels=...)"
    )
    first, later = np.array([2, 0, 2, 2]), np.array([0, 2, 0, 5])
    assert_weights(
        assert_afresh(submission, "balanced_class_weights", (first,), (later,)),
        later,
        "balanced_class_weights, called again with other labels",
    )


# -------------------------------------------------------------- weighted_binary_cross_entropy

Y_TRUE = np.array([1, 0, 0, 1, 0, 0, 0])
Y_PROB = np.array([0.8, 0.3, 0.05, 0.35, 0.6, 0.15, 0.02])
WEIGHT = {0: 0.7, 1: 1.75}


def loss_by_hand(y_true, y_prob, class_weight):
    """The sum of weight times -log(probability of the true class), over the number of samples."""
    total = 0.0
    for label, p in zip(y_true.tolist(), y_prob.tolist(), strict=True):
        total -= class_weight[label] * (math.log(p) if label == 1 else math.log1p(-p))
    return total / len(y_true)


def as_call(y_true, y_prob, class_weight):
    """The call as the learner would write it."""
    return (
        f"weighted_binary_cross_entropy({y_true.tolist()}, {y_prob.tolist()}, {class_weight})"
    )


@check(
    "weighted_binary_cross_entropy",
    points=1,
    hint="Whose weight multiplies which sample's loss, and by which number do you divide the "
    "sum?",
)
def test_averages_with_another_divisor_or_weight(submission):
    """The loss is the sum of weight times loss, divided by the number of samples."""
    for y_true, y_prob, weight in [
        (Y_TRUE, Y_PROB, WEIGHT),
        (Y_TRUE, Y_PROB, {0: 1.0, 1: 1.0}),
        (Y_TRUE, Y_PROB, {1: 0.25, 0: 3.0}),
        (1 - Y_TRUE[:4], Y_PROB[:4], WEIGHT),
        (Y_TRUE[:2], Y_PROB[:2], {0: 0, 1: 2}),
        (Y_TRUE[:1], Y_PROB[:1], WEIGHT),
    ]:
        assert_close(
            submission.weighted_binary_cross_entropy(y_true, y_prob, weight),
            loss_by_hand(y_true, y_prob, weight),
            rtol=1e-9,  # log(1 - p) and log(p + 1e-15) differ in the 15th digit
            given=as_call(y_true, y_prob, weight),
        )


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="0 * log(0) is NaN and log(0) is minus infinity. What do you do to a probability before "
    "you take its logarithm, on both sides?",
)
def test_takes_the_logarithm_of_zero(submission):
    """Probabilities of exactly 0 and 1 give a finite loss, clipped at 1e-15."""
    clipped = -math.log(1e-15)
    certain_and_wrong = [
        ([1], [0.0], clipped * 1.75),
        ([0], [1.0], clipped * 0.7),
        ([1, 0, 0], [0.0, 0.5, 1.0], (clipped * 1.75 + math.log(2) * 0.7 + clipped * 0.7) / 3),
    ]
    for labels, probs, expected in certain_and_wrong:
        y_true, y_prob = np.array(labels), np.array(probs)
        assert_close(
            submission.weighted_binary_cross_entropy(y_true, y_prob, WEIGHT),
            expected,
            rtol=1e-4,  # 1 - 1e-15 is not a float64: clipping on both sides gives 34.5395
            given=as_call(y_true, y_prob, WEIGHT),
        )
    y_true, y_prob = np.array([1, 0, 1]), np.array([1.0, 0.0, 0.5])
    assert_close(
        submission.weighted_binary_cross_entropy(y_true, y_prob, WEIGHT),
        math.log(2) * 1.75 / 3,
        rtol=1e-9,  # a clipped 1 costs 1e-15
        given=as_call(y_true, y_prob, WEIGHT),
    )


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="Where exactly do you clip? A probability of 1e-10 is small, but it is one, and its "
    "logarithm is fine.",
)
def test_clips_too_early(submission):
    """Probabilities as close to 0 and 1 as 1e-10 keep their own loss."""
    y_true = np.array([1, 0, 0, 1])
    y_prob = np.array([2.0**-33, 1.0 - 2.0**-33, 0.25, 2.0**-40])
    assert_close(
        submission.weighted_binary_cross_entropy(y_true, y_prob, WEIGHT),
        loss_by_hand(y_true, y_prob, WEIGHT),
        rtol=1e-4,  # log(p + 1e-15) is off by 1e-3 / 28 at 2**-40, clipping at 1e-12 by more
        given=as_call(y_true, y_prob, WEIGHT),
    )
    assert_close(
        submission.weighted_binary_cross_entropy(y_true[:3], y_prob[:3], WEIGHT),
        loss_by_hand(y_true[:3], y_prob[:3], WEIGHT),
        rtol=1e-6,  # 1e-15 next to 2**-33, over 23
        given=as_call(y_true[:3], y_prob[:3], WEIGHT),
    )


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="Suppose a batch holds no positives, and the weights come from that batch. Which key do "
    "you look up all the same?",
)
def test_asks_for_the_weight_of_an_absent_label(submission):
    """`class_weight` need only hold the labels that occur."""
    for label, weight in ((1, {1: 2.5}), (0, {0: 0.4}), (0, {0: 3.0, 5: 7.0})):
        y_true, y_prob = np.full(3, label), np.array([0.9, 0.2, 0.4])
        assert_close(
            submission.weighted_binary_cross_entropy(y_true, y_prob, weight),
            loss_by_hand(y_true, y_prob, weight),
            rtol=1e-9,  # as above
            given=as_call(y_true, y_prob, weight),
        )


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="Does clipping write into the caller's probabilities, or a missing key into the weights?",
)
def test_weighted_binary_cross_entropy_leaves_traces(submission):
    """The arguments stay as they were, and calls do not affect each other."""
    name = "weighted_binary_cross_entropy"
    assert_unchanged(
        submission, name, np.array([1, 0, 1, 0]), np.array([0.0, 1.0, 0.3, 0.9]), dict(WEIGHT)
    )
    assert_unchanged(submission, name, np.array([0, 0]), np.array([0.5, 0.9]), {0: 2.0})
    for weight in ({0: 1.5, 1: 4.0}, WEIGHT):
        assert_close(
            submission.weighted_binary_cross_entropy(
                y_true=Y_TRUE, y_prob=Y_PROB, class_weight=weight
            ),
            loss_by_hand(Y_TRUE, Y_PROB, weight),
            rtol=1e-9,  # as above
            given="weighted_binary_cross_entropy, called again with other weights",
        )
    later = (1 - Y_TRUE, Y_PROB[::-1].copy(), WEIGHT)
    assert_close(
        assert_afresh(submission, name, (Y_TRUE, Y_PROB, WEIGHT), later),
        loss_by_hand(*later),
        rtol=1e-9,  # as above
        given="weighted_binary_cross_entropy, called again with other numbers",
    )


# ------------------------------------------------------------------------ oversample_minority

# Labels with gaps, class 0 the smallest; rows 3 and 8 are twins, and both must stay.
LABELS = np.array([4, 9, 4, 0, 4, 9, 4, 9, 0, 4, 4, 9, 4, 9, 4, 9, 0])  # 8, 6 and 3
ROWS = np.column_stack([np.arange(17.0), np.arange(17.0) ** 2 / 4.0, -np.arange(17.0)])
ROWS[8] = ROWS[3]


def probe_oversample(answer, X, y, seed, global_seed):
    """What came back, the arguments and NumPy's global state around the call."""
    random.seed(global_seed)
    np.random.seed(global_seed)
    before = np.random.get_state()
    result = answer.oversample_minority(X, y, np.random.default_rng(seed))
    after = np.random.get_state()
    return {
        "result": result,
        "arguments": (X, y),
        "before": (before[1], int(before[2])),
        "after": (after[1], int(after[2])),
    }


def pair_from(answer, X, y, given):
    """(X_new, y_new) in the right kinds and of equal length, or the sentence that says no."""
    expect(
        isinstance(answer, tuple | list) and len(answer) == 2,
        f"expected a pair (X_new, y_new), got {type(answer).__name__}",
        given=given,
    )
    X_new = assert_array(answer[0], given=f"{given}, X_new")
    expect(X_new.ndim == 2, f"expected two axes, got {X_new.ndim}", given=f"{given}, X_new")
    shape = (len(X_new), X.shape[1])
    assert_array(X_new, shape=shape, given=f"{given}, X_new")
    y_new = assert_array(answer[1], shape=shape[:1], dtype=y.dtype, given=f"{given}, y_new")
    return X_new, y_new


def count_rows(X, y):
    """How often each row occurs with each label."""
    return Counter(zip(map(tuple, X.tolist()), y.tolist(), strict=True))


def called(y, seed=None):
    """The call in a few words: how many rows each class has."""
    sizes = dict(sorted(Counter(y.tolist()).items()))
    return f"oversample_minority with class sizes {sizes}" + (f", seed {seed}" * (seed is not None))


@check(
    "oversample_minority",
    points=1,
    hint="How large is the largest class, and how many rows is each other class short of that? "
    "There may be more than two, and the rare one need not be class 1.",
)
def test_leaves_classes_unequal(submission):
    """Afterwards every class has as many rows as the largest had before."""
    binary = np.array([1, 1, 0, 1, 1, 0, 1])
    for X, y in [
        (ROWS, LABELS),
        (ROWS[:7, :2], binary),
        (ROWS[:7, :2], 1 - binary),
        (ROWS[:9], np.array([-1, 3, -1, -1, 3, -1, 6, -1, -1], dtype=np.int32)),
    ]:
        _, y_new = pair_from(
            submission.oversample_minority(X, y, np.random.default_rng(7)), X, y, called(y)
        )
        largest = max(Counter(y.tolist()).values())
        expected = dict.fromkeys(sorted(set(y.tolist())), largest)
        sizes = dict(sorted(Counter(y_new.tolist()).items()))
        expect(
            sizes == expected, f"expected the sizes {expected}, got {show(sizes)}", given=called(y)
        )


@check(
    "oversample_minority",
    points=0.5,
    hint="Are the original rows all still there, with their own labels, and is every added row a "
    "copy of one of the same class?",
)
def test_loses_or_invents_rows(submission):
    """Every original row is kept, and every added one is a copy of a row of its class."""
    before = count_rows(ROWS, LABELS)
    for seed in range(4):
        given = called(LABELS, seed)
        X_new, y_new = pair_from(
            submission.oversample_minority(ROWS, LABELS, np.random.default_rng(seed)),
            ROWS,
            LABELS,
            given,
        )
        after = count_rows(X_new, y_new)
        for row, label in after:
            expect(
                (row, label) in before,
                f"no row {show(list(row))} of class {label} was in the data",
                given=given,
            )
        for (row, label), count in before.items():
            expect(
                after[row, label] >= count,
                f"row {show(list(row))} of class {label} was there {count} x, now "
                f"{after[row, label]} x",
                given=given,
            )
        largest = {key: count for key, count in after.items() if key[1] == 4}
        expect(
            largest == {key: count for key, count in before.items() if key[1] == 4},
            "the largest class should stay exactly as it was",
            given=given,
        )


@check(
    "oversample_minority",
    points=0.5,
    hint="Can every row of a class be drawn, the first and the last too, equally often, and can "
    "the same row come twice?",
)
def test_draws_unfairly_or_without_replacement(submission):
    """Added rows are drawn with replacement, each row of the class as likely as another."""
    labels = np.repeat([2, 0, 7], [3, 2000, 5])
    rows = np.column_stack([np.arange(2008.0), np.ones(2008)])
    for seed in (1, 2):
        given = called(labels, seed)
        X_new, _ = pair_from(
            submission.oversample_minority(rows, labels, np.random.default_rng(seed)),
            rows,
            labels,
            given,
        )
        for members, size in ((range(3), 3), (range(2003, 2008), 5)):
            draws = 2000 - size
            mean, sigma = draws / size, math.sqrt(draws * (1 / size) * (1 - 1 / size))
            for member in members:
                added = int((X_new[:, 0] == member).sum()) - 1
                expect(
                    abs(added - mean) <= 6 * sigma,  # a fair draw fails once in 10^9 tries
                    f"row {member} was added {added} times in {draws}, expected about "
                    f"{mean:.0f} (give or take {6 * sigma:.0f})",
                    given=given,
                )
    # Ten rows, ten draws: without a repeat once in 2755 calls, six times in a row never.
    labels = np.repeat([0, 1], [20, 10])
    most = 0
    for seed in range(6):
        X_new, y_new = pair_from(
            submission.oversample_minority(ROWS_30, labels, np.random.default_rng(seed)),
            ROWS_30,
            labels,
            called(labels, seed),
        )
        counts = Counter(X_new[y_new == 1][:, 0].tolist())
        most = max(most, *counts.values(), 0)
    expect(most > 2, "in six calls no row was added twice", given=called(labels))


ROWS_30 = np.column_stack([np.arange(30.0), np.arange(30.0)[::-1]])


@check(
    "oversample_minority",
    points=0.5,
    hint="Which generator do you draw from? Another seed should give other rows, and the same "
    "seed the same, whatever np.random was up to before.",
)
def test_draws_from_another_source(submission):
    """All randomness comes from `rng`; NumPy's global state is neither used nor touched."""
    given = called(LABELS)
    runs = []
    for seed, global_seed in ((5, 1), (5, 2), (6, 1), (7, 1), (8, 1)):
        seen = submission.probe(probe_oversample, ROWS, LABELS, seed, global_seed)
        expect(
            same(seen["before"], seen["after"]),
            "NumPy's global random state is another one after the call",
            given=given,
        )
        runs.append(pair_from(seen["result"], ROWS, LABELS, given))
    expect(
        same(runs[0], runs[1]), "two calls with default_rng(5) gave different results", given=given
    )
    added = {frozenset(count_rows(*run).items()) for run in runs[1:]}
    expect(len(added) > 1, "the seeds 5, 6, 7 and 8 all added the same rows", given=given)


@check(
    "oversample_minority",
    points=0.5,
    hint="What is left to add if all classes are equal? And may `X` be shuffled or resized where "
    "the caller can see it?",
)
def test_oversample_minority_leaves_traces(submission):
    """The arguments stay as they were; balanced data comes back with nothing added."""
    for X, y in [
        (ROWS, LABELS),
        (ROWS[:6, :1], np.array([3, 1, 3, 1, 1, 3])),
        (ROWS[:3], np.array([2, 2, 2])),
        (ROWS[:3], np.array([0, 1, 0])),
    ]:
        seen = submission.probe(probe_oversample, X, y, 3, 4)
        expect(
            same(seen["arguments"], (X, y)), "it changed an argument in place", given=called(y)
        )
        X_new, y_new = pair_from(seen["result"], X, y, called(y))
        sizes = Counter(y.tolist())
        assert_equal(len(y_new), len(sizes) * max(sizes.values()), given=f"{called(y)}, rows")
        if len(y_new) == len(y):
            expect(
                count_rows(X_new, y_new) == count_rows(X, y),
                "expected the same rows, got others",
                given=called(y),
            )
    named = submission.oversample_minority(X=ROWS, y=LABELS, rng=np.random.default_rng(1))
    pair_from(named, ROWS, LABELS, "oversample_minority(X=..., y=..., rng=...)")
    # Of the same sizes, so that the answers have the same shapes.
    later = (-ROWS, LABELS)
    afresh = assert_afresh(submission, "oversample_minority", (ROWS, LABELS), later, seed=5)
    pair_from(afresh, *later, "oversample_minority, called again with other rows")


# ------------------------------------------------------------------------ precision_recall_f1


def scores_by_counting(y_true, y_pred):
    """Precision, recall and their harmonic mean, from counted pairs; 0 / 0 is 0."""
    pairs = Counter(zip(y_true, y_pred, strict=True))
    hits, alarms, misses = pairs[1, 1], pairs[0, 1], pairs[1, 0]
    precision = Fraction(hits, hits + alarms) if hits + alarms else Fraction(0)
    recall = Fraction(hits, hits + misses) if hits + misses else Fraction(0)
    if precision + recall == 0:
        return float(precision), float(recall), 0.0
    return float(precision), float(recall), float(2 / (1 / precision + 1 / recall))


def assert_scores(submission, cases):
    """Fail unless all three numbers agree in every case."""
    for y_true, y_pred in cases:
        answer = submission.precision_recall_f1(np.array(y_true), np.array(y_pred))
        judge_scores(answer, y_true, y_pred)


def judge_scores(answer, y_true, y_pred):
    """Fail unless the triple holds precision, recall and f1, in that order."""
    given = f"precision_recall_f1({y_true}, {y_pred})"
    expect(
        isinstance(answer, tuple | list) and len(answer) == 3,
        f"expected (precision, recall, f1), got {type(answer).__name__}",
        given=given,
    )
    expected = scores_by_counting(y_true, y_pred)
    for name, got, wanted in zip(("precision", "recall", "f1"), answer, expected, strict=True):
        assert_number(got, given=f"{given}, {name}")
        assert_close(
            got,
            wanted,
            rtol=1e-13,  # quotients of small integers; an epsilon in the divisor shows
            given=f"{given}, {name}",
        )


@check(
    "precision_recall_f1",
    points=1,
    hint="Which of the two shares is out of the predictions, which out of the truth? And is f1 "
    "the plain or the harmonic mean?",
)
def test_confuses_the_shares(submission):
    """Precision, recall and f1 of class 1 come back in this order."""
    assert_scores(
        submission,
        [
            ([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]),
            ([0, 1, 0, 0, 1, 0, 0, 1, 0], [1, 1, 1, 0, 1, 1, 0, 1, 0]),
            ([1, 0, 0, 0, 1, 0, 0], [1, 0, 1, 0, 0, 1, 0]),
            ([1, 0, 1], [1, 0, 1]),
            ([1, 1, 1], [0, 1, 1]),
        ],
    )


@check(
    "precision_recall_f1",
    points=0.5,
    hint="A model that never predicts 1, a batch without any 1, both at once: which denominators "
    "are zero?",
)
def test_divides_by_zero(submission):
    """Where a denominator is zero the result is 0.0."""
    assert_scores(
        submission,
        [
            ([1, 0, 1, 0], [0, 0, 0, 0]),
            ([0, 0, 0], [0, 1, 1]),
            ([0, 0], [0, 0]),
            ([1, 0, 0], [0, 1, 0]),
            ([1], [0]),
        ],
    )


@check(
    "precision_recall_f1",
    points=0.5,
    hint="Are counts kept from the batch before? Each call knows only its own two arrays.",
)
def test_precision_recall_f1_leaves_traces(submission):
    """The arguments stay as they were, and calls do not affect each other."""
    for y_true, y_pred in (
        ([0, 1, 1, 0, 1], [1, 1, 0, 0, 1]),
        ([1, 1, 0, 1, 1], [1, 1, 1, 0, 1]),
        ([0, 1, 1, 0, 1], [1, 1, 0, 0, 1]),
    ):
        answer = assert_unchanged(
            submission, "precision_recall_f1", np.array(y_true), np.array(y_pred)
        )
        judge_scores(answer, y_true, y_pred)
    named = submission.precision_recall_f1(y_pred=np.array([1, 1, 0]), y_true=np.array([1, 0, 0]))
    judge_scores(named, [1, 0, 0], [1, 1, 0])
    first, later = ([0, 1, 1, 0, 1], [1, 1, 0, 0, 1]), ([1, 1, 0, 1, 1], [1, 1, 1, 0, 1])
    arrays = [tuple(map(np.array, pair)) for pair in (first, later)]
    judge_scores(assert_afresh(submission, "precision_recall_f1", *arrays), *later)
