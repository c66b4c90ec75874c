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
    Truth,
    assert_afresh,
    assert_array,
    assert_equal,
    assert_no_traces,
    check,
    each_unchanged,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)

# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}

# --------------------------------------------------------------------- balanced_class_weights


def weights_by_counting(labels):
    """n / (classes * count) for every label, rounded once."""
    counts = Counter(labels.tolist())
    return {
        label: float(Fraction(len(labels), len(counts) * count))
        for label, count in counts.items()
    }


def some_labels(st):
    labels = st.lists(st.sampled_from([0, 1, 2, 5, -1]), min_size=1, max_size=5)
    return st.tuples(labels.map(np.array))


WEIGHTS = Truth(
    "balanced_class_weights", weights_by_counting, inputs=some_labels,
    rtol=1e-12,  # a product and a quotient of small integers
)


def classes_from_zero(rng):
    """Two or three classes that all occur, of different sizes."""
    labels = np.repeat(np.arange(3), rng.permutation([0, 2, 3, 5, 7])[:3] + 1)
    return (rng.permutation(labels[labels < rng.integers(2, 4)]),)


def classes_with_gaps(rng):
    labels = np.repeat(rng.permutation(np.arange(-4, 12))[:3], rng.permutation([1, 3, 4])[:3])
    return (rng.permutation(labels),)


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
    twelve = np.arange(12)
    cases = [(labels,) for labels in (RARE, THREE, np.array([1, 0, 1, 0]), THREE.astype(np.int32),
                                      rarer, rarer.astype(np.int8), np.repeat(twelve, 2),
                                      np.repeat(twelve, [5, 3, 1, 1, 2, 4, 1, 2, 3, 6, 7, 1]),
                                      # Weights of 0.005 and 1,050, and 260 classes.
                                      np.repeat(np.arange(260), [2100] + [1] * 259),
                                      np.repeat([0, 1], [2099, 1]))]
    WEIGHTS.assert_holds(submission, cases, draw=classes_from_zero)


@check(
    "balanced_class_weights",
    points=0.5,
    hint="What does np.bincount make of label 7 if nobody has label 6? And how many classes "
    "are there?",
)
def test_counts_classes_that_do_not_occur(submission):
    """Only labels that occur count and get a weight, negative ones and ones with gaps too."""
    cases = [(np.array(values),) for values in
             ([7, 2, 2, 7, 2, 2, 4], [-1, 1, -1, -1, -1, 1], [5, 5, 5], [1, 1], [3],
              # One label for each, whatever type would take them for the same. They lie near each
              # other: to count from the smallest label on is right, and takes memory for a range.
              [5, 5, 5 + 2**8, 5 + 2**16, 5], [2**53, 2**53 + 1, 2**53 + 1, 2**53 + 9])]
    WEIGHTS.assert_holds(submission, cases, draw=classes_with_gaps)


@check(
    "balanced_class_weights",
    points=0.5,
    hint="`type(key)` of what np.unique gives is np.int64, which json.dumps refuses. And what "
    "does the second call know about the first?",
)
def test_keys_are_not_python_integers(submission):
    """The keys are Python ints, the labels stay as they were, nothing is remembered."""
    cases = [(np.array(values),) for values in ([3, 1, 1], [1, 0, 2, 2], [2, 1, 2, 2])]
    for _, answer in each_unchanged(submission, "balanced_class_weights", cases):
        expect(isinstance(answer, dict), f"expected a dict, got {type(answer).__name__}")
        kinds = sorted({type(key).__name__ for key in answer})
        expect(kinds == ["int"], f"expected keys of type int, got {kinds}")
    cases = [(np.array([2, 0, 2, 2]),), (np.array([0, 2, 0, 5]),), ((), {"labels": THREE}),
             (np.array([2, 0, 2, 2]),)]
    assert_no_traces(submission, WEIGHTS, cases, draw=classes_from_zero, **ROUGHLY)


# -------------------------------------------------------------- weighted_binary_cross_entropy

Y_TRUE = np.array([1, 0, 0, 1, 0, 0, 0])
Y_PROB = np.array([0.8, 0.3, 0.05, 0.35, 0.6, 0.15, 0.02])
WEIGHT = {0: 0.7, 1: 1.75}


def loss_by_hand(y_true, y_prob, class_weight):
    """The sum of weight times -log(probability of the true class), over the number of samples."""
    total = 0.0
    for label, p in zip(y_true.tolist(), y_prob.tolist(), strict=True):
        p = min(max(p, 1e-15), 1.0) if label == 1 else max(min(p, 1.0 - 1e-15), 0.0)
        total -= class_weight[label] * (math.log(p) if label == 1 else math.log1p(-p))
    return total / len(y_true)


def weighed_samples(st):
    probs = st.one_of(st.integers(1, 7).map(lambda n: n / 8), st.sampled_from([0.0, 1.0, 2.0**-33]))
    samples = st.lists(st.tuples(st.integers(0, 1), probs), min_size=1, max_size=2)
    weights = st.tuples(st.sampled_from([1, 0.5]), st.sampled_from([1, 2, 3]), st.booleans())

    def case(drawn):
        pairs, (of_zero, of_one, spare) = drawn
        labels = np.array([label for label, _ in pairs])
        weight = {0: of_zero, 1: of_one}
        weight = {key: weight[key] for key in weight if spare or key in labels}
        return labels, np.array([p for _, p in pairs]), weight

    return st.tuples(samples, weights).map(case)


LOSS = Truth(
    "weighted_binary_cross_entropy", loss_by_hand, inputs=weighed_samples,
    rtol=1e-9,  # log(1 - p) and log(p + 1e-15) differ in the 15th digit
    atol=1e-14,  # a clipped 1 costs 1e-15
)


def batch(rng):
    labels = rng.permutation([0, 1, *rng.integers(0, 2, rng.integers(0, 5))])
    weight = {0: float(rng.uniform(0.2, 1.5)), 1: float(rng.uniform(1.5, 40.0))}
    return labels, rng.uniform(0.03, 0.97, len(labels)), weight


def certain(rng):
    """One sample is certain and wrong, one certain and right."""
    labels, probs, weight = batch(rng)
    labels, probs = np.append(labels, [0, 1]), np.append(probs, rng.choice([[1.0, 1], [0, 0]]))
    return labels, probs, weight


def nearly_certain(rng):
    labels, probs, weight = batch(rng)
    labels, probs = np.append(labels, [1, 0]), np.append(probs, 2.0 ** -rng.integers(30, 34, 2))
    probs[-1] = 1.0 - probs[-1]
    return labels, probs, weight


def one_class(rng):
    labels, probs, weight = batch(rng)
    label = int(rng.integers(2))
    return np.full_like(labels, label), probs, {label: weight[label]}


@check(
    "weighted_binary_cross_entropy",
    points=1,
    hint="Whose weight multiplies which sample's loss, and by which number do you divide the "
    "sum?",
)
def test_averages_with_another_divisor_or_weight(submission):
    """The loss is the sum of weight times loss, divided by the number of samples."""
    LOSS.assert_holds(submission, [
        (Y_TRUE, Y_PROB, WEIGHT), (Y_TRUE, Y_PROB, {0: 1.0, 1: 1.0}),
        (Y_TRUE, Y_PROB, {1: 0.25, 0: 3.0}), (1 - Y_TRUE[:4], Y_PROB[:4], WEIGHT),
        (Y_TRUE[:2], Y_PROB[:2], {0: 0, 1: 2}), (Y_TRUE[:1], Y_PROB[:1], WEIGHT),
        (Y_TRUE, Y_PROB, {0: 0.5, 1: 1e8}),
        (np.resize(Y_TRUE, 1_100), np.resize(Y_PROB, 1_100), WEIGHT),
    ], draw=batch)


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="0 * log(0) is NaN and log(0) is minus infinity. What do you do to a probability before "
    "you take its logarithm, on both sides?",
)
def test_takes_the_logarithm_of_zero(submission):
    """Probabilities of exactly 0 and 1 give a finite loss, clipped at 1e-15."""
    cases = [(np.array(labels), np.array(probs), WEIGHT) for labels, probs in
             (([1], [0.0]), ([0], [1.0]), ([1, 0, 0], [0.0, 0.5, 1.0]))]
    # 1 - 1e-15 is not a float64: clipping on both sides gives 34.5395.
    LOSS.assert_holds(submission, cases, draw=certain, rtol=1e-4)
    LOSS.assert_holds(submission, [(np.array([1, 0, 1]), np.array([1.0, 0.0, 0.5]), WEIGHT)])


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
    # log(p + 1e-15) is off by 1e-3 / 28 at 2**-40, clipping at 1e-12 by more.
    LOSS.assert_holds(submission, [(y_true, y_prob, WEIGHT)], rtol=1e-4)
    # 1e-15 next to 2**-33, over 23.
    LOSS.assert_holds(submission, [(y_true[:3], y_prob[:3], WEIGHT)], draw=nearly_certain,
                      rtol=1e-5)


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="Suppose a batch holds no positives, and the weights come from that batch. Which key do "
    "you look up all the same?",
)
def test_asks_for_the_weight_of_an_absent_label(submission):
    """`class_weight` need only hold the labels that occur."""
    probs = np.array([0.9, 0.2, 0.4])
    cases = [(np.full(3, label), probs, weight) for label, weight in
             ((1, {1: 2.5}), (0, {0: 0.4}), (0, {0: 3.0, 5: 7.0}))]
    LOSS.assert_holds(submission, cases, draw=one_class)


@check(
    "weighted_binary_cross_entropy",
    points=0.5,
    hint="Does clipping write into the caller's probabilities, or a missing key into the weights?",
)
def test_weighted_binary_cross_entropy_leaves_traces(submission):
    """The arguments stay as they were, and calls do not affect each other."""
    cases = [(np.array([1, 0, 1, 0]), np.array([0.0, 1.0, 0.3, 0.9]), dict(WEIGHT)),
             (np.array([0, 0]), np.array([0.5, 0.9]), {0: 2.0})]
    for _ in each_unchanged(submission, "weighted_binary_cross_entropy", cases):
        pass  # what zeros and absent labels cost is for other checks
    named = {"y_true": Y_TRUE, "y_prob": Y_PROB, "class_weight": {0: 1.5, 1: 4.0}}
    cases = [(Y_TRUE, Y_PROB, WEIGHT), (1 - Y_TRUE, Y_PROB[::-1].copy(), WEIGHT), ((), named),
             (Y_TRUE, Y_PROB, WEIGHT)]
    assert_no_traces(submission, LOSS, cases, draw=batch, **ROUGHLY)


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


def probe_layouts(answer, X, y, seed):
    """What comes back where X lies in C order, in Fortran order, and as part of a larger array."""
    wide = np.zeros((2 * len(X), 2 * X.shape[1]))[::2, ::2]
    wide[...] = X
    found = []
    for each in (X.copy(), X.copy(order="F"), wide):
        each.flags.writeable = False
        found.append(answer.oversample_minority(each, y, np.random.default_rng(seed)))
    return found


def oversampled(submission, *problems):
    """X, y, (X_new, y_new) and the call in words, for each (X, y, seed)."""
    cases = [(X, y, np.random.default_rng(seed)) for X, y, seed in problems]
    for (X, y, _), answer in submission.each("oversample_minority", cases):
        given = called(y)
        yield X, y, *pair_from(answer, X, y, given), given


def drawn_problem(submission):
    """Rows of three classes, of sizes 1 to 9, and a seed, of this run."""
    rng = rng_of(submission)
    sizes = rng.permutation([1, 2, 4, 6, 9])[:3]
    labels = np.repeat(rng.permutation(np.arange(-3, 9))[:3], sizes)
    rows = rng.normal(size=(len(labels), 2))
    return rows, rng.permutation(labels), int(rng.integers(2**31))


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


def called(y):
    """The call in a few words: how many rows each class has."""
    return f"oversample_minority with class sizes {dict(sorted(Counter(y.tolist()).items()))}"


@check(
    "oversample_minority",
    points=1,
    hint="How large is the largest class, and how many rows is each other class short of that? "
    "There may be more than two, and the rare one need not be class 1.",
)
def test_leaves_classes_unequal(submission):
    """Afterwards every class has as many rows as the largest had before."""
    binary = np.array([1, 1, 0, 1, 1, 0, 1])
    problems = [
        (ROWS, LABELS, 7), (ROWS[:7, :2], binary, 7), (ROWS[:7, :2], 1 - binary, 7),
        (ROWS[:9], np.array([-1, 3, -1, -1, 3, -1, 6, -1, -1], dtype=np.int32), 7),
        (ROWS, np.array([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 7, 2, 7]), 7),
        drawn_problem(submission),
    ]
    for _, y, _, y_new, given in oversampled(submission, *problems):
        largest = max(Counter(y.tolist()).values())
        expected = dict.fromkeys(sorted(set(y.tolist())), largest)
        sizes = dict(sorted(Counter(y_new.tolist()).items()))
        expect(sizes == expected, f"expected the sizes {expected}, got {show(sizes)}", given=given)


@check(
    "oversample_minority",
    points=0.5,
    hint="Are the original rows all still there, with their own labels, and is every added row a "
    "copy of one of the same class?",
)
def test_loses_or_invents_rows(submission):
    """Every original row is kept, and every added one is a copy of a row of its class."""
    wide = np.outer(np.arange(1.0, 7.0), np.arange(1.0, 131.0)) * 1e7
    problems = [(ROWS, LABELS, seed) for seed in range(4)]
    problems.append((wide, LABELS[:6], 4))
    for X, y, X_new, y_new, given in oversampled(submission, *problems, drawn_problem(submission)):
        before, after = count_rows(X, y), count_rows(X_new, y_new)
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
        largest = Counter(y.tolist()).most_common(1)[0][0]
        expect(
            {key: count for key, count in after.items() if key[1] == largest}
            == {key: count for key, count in before.items() if key[1] == largest},
            "the largest class should stay exactly as it was",
            given=given,
        )


ROWS_30 = np.column_stack([np.arange(30.0), np.arange(30.0)[::-1]])


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
    problems = [(rows, labels, seed) for seed in (1, *seeds_of(submission, 1))]
    for *_, X_new, _, given in oversampled(submission, *problems):
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
    problems = [(ROWS_30, labels, seed) for seed in range(6)]
    for *_, X_new, y_new, _ in oversampled(submission, *problems):
        counts = Counter(X_new[y_new == 1][:, 0].tolist())
        most = max(most, *counts.values(), 0)
    expect(most > 2, "in six calls no row was added twice", given=called(labels))


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
    (drawn,) = seeds_of(submission, 1)
    for seed, global_seed in ((5, 1), (5, 2), (6, 1), (7, 1), (8, 1), (drawn, 1)):
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
    expect(len(added) > 1, "five seeds all added the same rows", given=given)


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
    X, y, seed = drawn_problem(submission)
    plain, *laid = (pair_from(each, X, y, called(y)) for each in
                    submission.probe(probe_layouts, X, y, seed))
    for each in laid:
        expect(same(each, plain), "it gives something else where X lies otherwise in memory",
               given=called(y))
    # Of the same sizes, so that the answers have the same shapes.
    later = (-ROWS, LABELS)
    afresh = assert_afresh(submission, "oversample_minority", (ROWS, LABELS), later, seed=5)
    pair_from(afresh, *later, "oversample_minority, called again with other rows")


# ------------------------------------------------------------------------ precision_recall_f1


def scores_by_counting(y_true, y_pred):
    """Precision, recall and their harmonic mean, from counted pairs; 0 / 0 is 0."""
    pairs = Counter(zip(y_true.tolist(), y_pred.tolist(), strict=True))
    hits, alarms, misses = pairs[1, 1], pairs[0, 1], pairs[1, 0]
    precision = Fraction(hits, hits + alarms) if hits + alarms else Fraction(0)
    recall = Fraction(hits, hits + misses) if hits + misses else Fraction(0)
    if precision + recall == 0:
        return float(precision), float(recall), 0.0
    return float(precision), float(recall), float(2 / (1 / precision + 1 / recall))


def predictions(st):
    pairs = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=4)
    return pairs.map(lambda each: tuple(np.array(each).T))


def many_alarms(st):
    return st.just((np.array([1] + [0] * 1099), np.full(1100, 1)))


SCORES = Truth(
    "precision_recall_f1", scores_by_counting, inputs=[predictions, many_alarms],
    rtol=1e-13,  # quotients of small integers; an epsilon in the divisor shows
)


def arrays(*pairs):
    return [tuple(np.array(each) for each in pair) for pair in pairs]


def with_a_hit(rng):
    """A hit, and then false alarms and misses of different numbers."""
    alarms, misses = rng.permutation([1, 2, 3, 4])[:2]
    y_true = np.array([1] * (1 + misses) + [0] * (alarms + 1))
    y_pred = np.array([1] + [0] * misses + [1] * alarms + [0])
    order = rng.permutation(len(y_true))
    return y_true[order], y_pred[order]


def without_a_hit(rng):
    some = rng.permutation([0, 0, 1, *rng.integers(0, 2, rng.integers(1, 4))])
    none = np.zeros_like(some)
    return [(some, none), (none, some), (some, 1 - some)][rng.integers(3)]


@check(
    "precision_recall_f1",
    points=1,
    hint="Which of the two shares is out of the predictions, which out of the truth? And is f1 "
    "the plain or the harmonic mean?",
)
def test_confuses_the_shares(submission):
    """Precision, recall and f1 of class 1 come back in this order."""
    cases = arrays(
        ([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]),
        ([0, 1, 0, 0, 1, 0, 0, 1, 0], [1, 1, 1, 0, 1, 1, 0, 1, 0]),
        ([1, 0, 0, 0, 1, 0, 0], [1, 0, 1, 0, 0, 1, 0]),
        ([1, 0, 1], [1, 0, 1]),
        ([1, 1, 1], [0, 1, 1]),
        ([1] * 700 + [0] * 400, [1] * 300 + [0] * 500 + [1] * 300),
    )
    SCORES.assert_holds(submission, cases, draw=with_a_hit)


@check(
    "precision_recall_f1",
    points=0.5,
    hint="A model that never predicts 1, a batch without any 1, both at once: which denominators "
    "are zero?",
)
def test_divides_by_zero(submission):
    """Where a denominator is zero the result is 0.0."""
    cases = arrays(([1, 0, 1, 0], [0, 0, 0, 0]), ([0, 0, 0], [0, 1, 1]), ([0, 0], [0, 0]),
                   ([1, 0, 0], [0, 1, 0]), ([1], [0]))
    SCORES.assert_holds(submission, cases, draw=without_a_hit)


@check(
    "precision_recall_f1",
    points=0.5,
    hint="Are counts kept from the batch before? Each call knows only its own two arrays.",
)
def test_precision_recall_f1_leaves_traces(submission):
    """The arguments stay as they were, and calls do not affect each other."""
    cases = arrays(([0, 1, 1, 0, 1], [1, 1, 0, 0, 1]), ([1, 1, 0, 1, 1], [1, 1, 1, 0, 1]),
                   ([0, 1, 1, 0, 1], [1, 1, 0, 0, 1]))
    cases.append(((), {"y_pred": np.array([1, 1, 0]), "y_true": np.array([1, 0, 0])}))
    assert_no_traces(submission, SCORES, cases, draw=with_a_hit, **ROUGHLY)
