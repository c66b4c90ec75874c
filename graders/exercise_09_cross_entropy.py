"""The hidden checks of exercise 09.

Truth for probabilities is the definition, in plain loops and math.log. Truth for logits is
log(sum of exp(logit - largest)) + largest - true logit in decimals of 28 digits, in which large
offsets take none of the digits that count.

No drawn loss is below 1e-6: log(1 + 1e-12) keeps only a few of a tiny loss's digits.
"""

import math
from decimal import Decimal
from functools import lru_cache

import numpy as np

from gradekit.grading import Truth, assert_no_traces, check, each_unchanged

# Every row sums to one; no two rows and no two columns are alike.
PREDICTED = np.array([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4], [0.05, 0.85, 0.06, 0.04]])
ONE_HOT = np.array([[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
SOFT = np.array([[0.5, 0.25, 0.25, 0.0], [0.2, 0.3, 0.4, 0.1], [0.05, 0.05, 0.0, 0.9]])
LABELS = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
CHANCES = np.array([0.75, 0.125, 0.6, 0.2, 0.9])
LOGITS = np.array([[0.5, -1.25, 2.0, 0.0], [3.0, 1.5, -0.75, 2.25], [-2.0, 0.25, 1.0, 1.75]])
CLASSES = np.array([0, 3, 1])


# Eighths sum to exactly one in float32 too; their logarithms do not fit into it.
SINGLE = np.array([[0.125, 0.625, 0.25], [0.375, 0.3125, 0.3125]], dtype=np.float32)
SQUARE = np.array([[0.5, -1.25, 2.0], [3.0, 1.5, -0.75], [-2.0, 0.25, 4.0]])
APART = np.array([[3000.0, 3001.0, 3000.5], [-1.0, 0.0, 2.0], [-4000.0, -4002.0, -4001.0]])


def by_definition(y_true, y_pred):
    """Sum over classes of -target * log(probability, 1e-15 at least), mean over samples."""
    targets, predictions = (np.asarray(each, dtype=np.float64) for each in (y_true, y_pred))
    if targets.shape != predictions.shape:
        raise ValueError
    if targets.ndim == 1:
        targets, predictions = (
            np.stack([1.0 - each, each], axis=1) for each in (targets, predictions)
        )
    losses = [
        -sum(t * math.log(max(p, 1e-15)) for t, p in zip(target, prediction, strict=True) if t)
        for target, prediction in zip(targets.tolist(), predictions.tolist(), strict=True)
    ]
    return math.fsum(losses) / len(losses)


# Long batches of few different numbers are quick with these.
exp, log = lru_cache(1024)(Decimal.exp), lru_cache(1024)(Decimal.ln)


def from_logits_by_definition(logits, labels):
    """log(sum of exp(logit - largest)) + largest - true logit in decimals, mean over samples."""
    losses = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        exact = [Decimal(logit) for logit in row]
        largest = max(exact)
        weights = [exp(logit - largest) for logit in exact]
        losses.append(log(sum(weights)) + (largest - exact[label]))
    return float(sum(losses) / len(losses))


# Where the smallest counterexample is looked for: two or three classes, one or two samples.


def distributions(st, *, zeros=True):
    lowest = 0 if zeros else 1
    def of(parts):
        return [part / sum(parts) for part in parts]

    parts = st.one_of(
        st.tuples(st.integers(lowest, 4), st.integers(1, 4)),
        st.tuples(st.integers(lowest, 4), st.integers(lowest, 4), st.integers(1, 4)),
    )
    return parts.map(lambda each: tuple(of(each)))


def two_dimensional(st):
    def case(rows):
        predictions, labels, soft = rows
        C = len(predictions[0])
        targets = np.eye(C)[[label % C for label in labels]]
        return (targets + np.full(C, 1.0 / C)) / 2.0 if soft else targets, np.array(predictions)

    pairs = st.tuples(distributions(st), distributions(st)).filter(
        lambda pair: len(pair[0]) == len(pair[1]))
    predictions = st.one_of(distributions(st, zeros=False).map(lambda one: [one]),
                            distributions(st).map(lambda one: [one]), pairs.map(list))
    rows = predictions.flatmap(lambda each: st.tuples(
        st.just(each), st.lists(st.integers(0, 2), min_size=len(each), max_size=len(each)),
        st.booleans()))
    return rows.map(case)


def binary(st):
    chances = st.one_of(st.integers(1, 7).map(lambda n: n / 8), st.sampled_from([0.0, 1.0]))
    samples = st.lists(st.tuples(st.integers(0, 1), chances), min_size=1, max_size=3)
    return samples.map(lambda each: tuple(np.array(each, dtype=float).T))


def of_other_types(st):
    both = st.one_of(binary(st), two_dimensional(st))
    return st.one_of(
        both.map(lambda case: tuple(part.tolist() for part in case)),
        both.map(lambda case: (case[0], case[1].astype(np.float32))),
    )


def differing(st):
    columns = binary(st).map(lambda case: (case[0], case[1][:, None]))
    return st.one_of(columns, two_dimensional(st).map(lambda case: (case[0], case[1][:, :1])))


def any_pair(st):
    return st.one_of(two_dimensional(st), binary(st), differing(st))


def logits_and_labels(st):
    numbers = st.one_of(st.integers(-4, 4), st.integers(-4, 4), st.sampled_from([-1000, 1000]))
    offsets = st.sampled_from([0.0, 0.0, 2.0**40])

    def of_size(sizes):
        N, C = sizes
        rows = st.lists(st.lists(numbers, min_size=C, max_size=C), min_size=N, max_size=N)
        labels = st.lists(st.integers(0, C - 1), min_size=N, max_size=N)
        return st.tuples(rows, labels, offsets).map(
            lambda case: (np.array(case[0], dtype=np.float64) + case[2], np.array(case[1])))

    cases = st.tuples(st.integers(1, 2), st.integers(2, 3)).flatmap(of_size)
    return cases.filter(lambda case: from_logits_by_definition(*case) > 1e-3)


LOSS = Truth(
    "cross_entropy_loss", by_definition, inputs=any_pair,
    rtol=1e-9,  # clipping at 1e-15 and rounding change 1e-14; float32 arithmetic 1e-8 to 1e-7
    atol=1e-14,  # of a loss of 0
)
OF_LOGITS = Truth(
    "cross_entropy_from_logits", from_logits_by_definition, inputs=logits_and_labels,
    rtol=1e-9,  # the catalogue's
)
CLIPPED = {"rtol": 1e-4, "atol": 1e-12}  # the catalogue's; where log 1 is 1e-15
# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}


def probabilities(rng, N, C):
    parts = rng.uniform(0.1, 1.0, (N, C))
    return parts / parts.sum(axis=1, keepdims=True)


def one_hot(rng, N, C):
    return np.eye(C)[rng.integers(C, size=N)]


def one_sample(rng):
    C = int(rng.integers(2, 5))
    return one_hot(rng, 1, C), probabilities(rng, 1, C)


def some_samples(rng):
    N, C = rng.permutation([2, 3, 4, 5])[:2]
    return one_hot(rng, N, C), probabilities(rng, N, C)


def many_samples(rng):
    """No batch is too long, here and below."""
    N, C = int(rng.integers(1030, 1100)), 2
    return one_hot(rng, N, C), probabilities(rng, N, C)


def many_classes(rng):
    C = int(rng.integers(1030, 1100))
    return probabilities(rng, 1, C), probabilities(rng, 1, C)


def soft_sample(rng):
    C = int(rng.integers(2, 5))
    return probabilities(rng, 1, C), probabilities(rng, 1, C)


def soft_samples(rng):
    N, C = rng.permutation([2, 3, 4])[:2]
    return probabilities(rng, N, C), probabilities(rng, N, C)


def binary_samples(rng):
    N = int(rng.integers(1, 5))
    return rng.integers(0, 2, N) * 1.0, rng.uniform(0.03, 0.97, N)


def many_binary_samples(rng):
    N = int(rng.integers(1030, 1100))
    return rng.integers(0, 2, N) * 1.0, rng.uniform(0.03, 0.97, N)


def certain_sample(rng):
    """The sample's class got nothing."""
    targets = one_hot(rng, 1, int(rng.integers(2, 5)))
    return targets, np.roll(targets, 1, axis=1)


def certain_in_one_column(rng):
    labels, chances = rng.permutation([0.0, 0.0, 1.0, 1.0]), rng.uniform(0.1, 0.9, 4)
    wrong, right = rng.permutation(4)[:2]
    chances[wrong], chances[right] = 1.0 - labels[wrong], labels[right]
    return labels, chances


def certain(rng):
    return certain_sample(rng) if rng.random() < 0.5 else certain_in_one_column(rng)


def samples_of_other_shapes(rng):
    labels, chances = rng.integers(0, 2, 4) * 1.0, rng.uniform(0.1, 0.9, 4)
    targets, predictions = one_hot(rng, 4, 3), probabilities(rng, 4, 3)
    pairs = [
        (labels, chances[:3]), (labels, chances[:, None]), (labels[None], chances),
        (targets, predictions[:1]), (targets, predictions[:, :1]), (targets, predictions.T),
    ]
    return pairs[rng.integers(len(pairs))]


def in_float32(rng):
    """Parts of 64 are exact in float32, and sum to one."""
    cuts = np.sort(rng.choice(np.arange(1, 64), size=(1, 2), replace=False), axis=1)
    parts = np.diff(cuts, axis=1, prepend=0, append=64) / 64.0
    return one_hot(rng, 1, 3).astype(np.int8).tolist(), parts.astype(np.float32)


def plain_logits(rng):
    N, C = rng.permutation([1, 2, 3, 4])[:2] + [0, 1]
    return rng.normal(0.0, 1.5, (N, C)), rng.integers(C, size=N)


def logits_of_many_rows(rng):
    N = int(rng.integers(1030, 1100))
    return rng.integers(-6, 7, (N, 2)) / 2.0, rng.integers(2, size=N)


def logits_of_many_classes(rng):
    C = int(rng.integers(56, 64))  # np.choose takes no more
    return rng.integers(-6, 7, (1, C)) / 2.0, rng.integers(52, C, size=1)


def large_logits(rng):
    """Around a thousand, below or above, a few apart; the label is not the largest."""
    logits = rng.normal(0.0, 3.0, (1, 3))
    labels = np.argsort(logits[0])[: rng.integers(1, 3)][-1:]
    return logits + rng.choice([-1.0, 1.0]) * rng.uniform(800.0, 3000.0), labels


def moved_logits(rng):
    """Quarters survive up to 2**50: the offset changes nothing at all."""
    logits = rng.integers(-12, 13, (1, 4)) / 4.0
    return logits + 2.0 ** rng.integers(38, 46) * rng.choice([-1.0, 1.0]), rng.integers(4, size=1)


def confident_logits(rng):
    logits = rng.normal(0.0, 1.0, (1, 3))
    best, true = rng.permutation(3)[:2]
    logits[0, best] += rng.uniform(60.0, 900.0)
    return logits, np.array([true])


def square_logits(rng):
    """As many samples as classes, and thousands between the rows."""
    logits = rng.normal(0.0, 1.5, (3, 3)) + rng.permutation([-3000.0, 0.0, 3000.0])[:, None]
    return logits, rng.integers(3, size=3)


def arrays(*pairs):
    return [tuple(np.array(each) for each in pair) for pair in pairs]


@check("cross_entropy_loss", points=1, hint="What does one sample cost whose true class got "
                                            "probability 0.25? Which classes take part, and with "
                                            "which logarithm?",
       inputs=two_dimensional)
def test_departs_from_minus_log_of_the_true_class(submission):
    """One sample costs minus the natural log of the probability that its true class got."""
    cases = [(np.eye(4)[[true]], PREDICTED[[row]]) for row in range(3) for true in range(4)]
    named = {"y_true": np.array([[0.0, 1.0]]), "y_pred": np.array([[0.75, 0.25]])}
    LOSS.assert_holds(submission, [*cases, ((), named)], draw=one_sample)


@check("cross_entropy_loss", points=0.5, hint="Double the batch by repeating it: should the loss "
                                              "change? And if you add a class that nobody is in?",
       inputs=two_dimensional)
def test_sums_samples_or_averages_over_classes(submission):
    """A batch costs the mean over its samples, however many classes there are."""
    LOSS.assert_holds(submission, [
        (ONE_HOT, PREDICTED), (ONE_HOT[:2], PREDICTED[:2]),
        (np.tile(ONE_HOT, (3, 1)), np.tile(PREDICTED, (3, 1))),
        (np.eye(2)[[1, 0, 0, 1, 0]], np.stack([1.0 - CHANCES, CHANCES], axis=1)),
        (np.hstack([ONE_HOT, np.zeros((3, 3))]), np.hstack([PREDICTED, np.zeros((3, 3))])),
    ], draw=some_samples)
    LOSS.assert_holds(submission, [], draw=many_samples, draws=1)


@check("cross_entropy_loss", points=0.5, hint="If a target is 0.5, 0.25, 0.25, how much does each "
                                              "class's logarithm count?",
       inputs=two_dimensional)
def test_reduces_soft_targets_to_one_class(submission):
    """Soft targets count every class by its share."""
    # One sample each, as in most checks below: what a batch costs is for the check above.
    cases = [(SOFT[[i]], PREDICTED[[j]]) for i, j in ((0, 0), (1, 1), (2, 2), (2, 0))]
    cases += [(np.full((1, 4), 0.25), PREDICTED[[1]])]
    cases += arrays(([[0.75, 0.25]], [[0.5, 0.5]]), ([[0.4, 0.6]], [[0.125, 0.875]]))
    LOSS.assert_holds(submission, cases, draw=soft_sample)
    LOSS.assert_holds(submission, [], draw=many_classes, draws=1)


@check("cross_entropy_loss", points=1, hint="With y = 0 and p = 0.9, is the loss 0? Which chance "
                                            "did class 0 get, and where is its term?",
       inputs=binary)
def test_forgets_class_zero_in_the_binary_case(submission):
    """In one dimension both labels cost minus the log of the chance that they were given."""
    LOSS.assert_holds(submission, [
        (LABELS, CHANCES), (1.0 - LABELS, CHANCES), (LABELS[:1], CHANCES[:1]),
        (LABELS[1:2], CHANCES[1:2]), (LABELS[1:3], CHANCES[1:3]), (LABELS[[0, 3]], CHANCES[[0, 3]]),
    ], draw=binary_samples)
    LOSS.assert_holds(submission, [], draw=many_binary_samples, draws=1)


@check("cross_entropy_loss", points=1, hint="log(0) is -inf, and 0 times -inf is nan. How far may "
                                            "a probability fall, and do you take the log of p "
                                            "only?")
def test_takes_the_log_of_zero(submission):
    """Probabilities of exactly 0 and 1 give the finite loss of clipping at 1e-15."""
    LOSS.assert_holds(submission, arrays(
        ([[1.0, 0.0, 0.0]], [[0.0, 0.75, 0.25]]),
        ([[0.0, 1.0]], [[1.0, 0.0]]),
        ([[0.5, 0.25, 0.25]], [[0.0, 1.0, 0.0]]),
        ([[1.0, 0.0]], [[1.0, 0.0]]),
        ([1.0], [0.0]), ([0.0], [1.0]), ([0.0, 1.0], [0.0, 1.0]),
        ([1.0, 0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.5]),
        # Far above 1e-15, so nothing to clip; p + 1e-15 is within 4e-6.
        ([[1.0, 0.0]], [[1e-11, 1.0 - 1e-11]]),
    ), draw=certain, **CLIPPED)


@check("cross_entropy_loss", points=1, hint="What does numpy make of (N,) minus (N, 1)? Who "
                                            "notices that the two arguments do not belong "
                                            "together?",
       inputs=differing)
def test_broadcasts_shapes_that_differ(submission):
    """Only arguments of different shapes raise a ValueError, also where they would broadcast."""
    # Near enough to be no error; its value is for other checks.
    LOSS.assert_holds(submission, [(ONE_HOT[:1], PREDICTED[:1])], rtol=0.9)
    LOSS.assert_holds(submission, [
        (LABELS, CHANCES[:4]), (LABELS, CHANCES[:, None]), (LABELS[:, None], CHANCES),
        (LABELS, CHANCES[:1]), (ONE_HOT, PREDICTED[:1]), (ONE_HOT, PREDICTED[:, :1]),
        (ONE_HOT, PREDICTED[:2]), (ONE_HOT, PREDICTED.T), (ONE_HOT, PREDICTED[0]),
        (LABELS[None], CHANCES), (CLASSES, PREDICTED), ([1, 0], [[0.5, 0.5]]),
    ], draw=samples_of_other_shapes, draws=1)


@check("cross_entropy_loss", points=0.5, hint="Do lists and integers have the methods that you "
                                              "call? In which type do clip and log work, and is 1 "
                                              "- 1e-15 a float32?",
       inputs=of_other_types)
def test_needs_float64_arrays(submission):
    """Lists, integers and float32 are taken, and computed with in float64."""
    # First exact zeros and ones: in float32 1 - 1e-15 is 1, and nothing is clipped.
    cases = [([0, 0], np.array([0, 1], dtype=np.float32)), ([1, 0], [0, 0])]
    LOSS.assert_holds(submission, cases, **CLIPPED)
    LOSS.assert_holds(submission, [
        ([[0, 1]], [[0.3, 0.7]]), (((1, 0, 0),), SINGLE[:1]),
        (np.array([[0, 0, 1]], dtype=np.int8), SINGLE[1:]),
        (SINGLE[:1], np.array([[0.25, 0.25, 0.5]])),
        ([1, 0, 1], [0.3, 0.7, 0.9]),
        (np.array([1, 0, 0], dtype=np.uint8), np.array([0.3, 0.7, 0.9], dtype=np.float32)),
    ], draw=in_float32)


@check("cross_entropy_loss", points=0.5, hint="Do you clip into the caller's own array? And does "
                                              "anything outlive a call?")
def test_changes_its_arguments_or_remembers_them(submission):
    """Targets and predictions stay as they were, and every call starts afresh."""
    zeros = np.array([[0.0, 1.0], [1.0, 0.0], [0.25, 0.75]])
    cases = [*arrays((np.eye(2)[[0, 1, 1]], zeros), ([1.0, 0.0], [0.0, 1.0])),
             ([[0, 1]], [[0.0, 1.0]])]
    for _ in each_unchanged(submission, "cross_entropy_loss", cases):
        pass  # what zeros cost is for another check
    later = SOFT[::-1].copy(), PREDICTED[::-1, ::-1].copy()
    cases = [(SOFT, PREDICTED), later, (ONE_HOT, PREDICTED[::-1].copy()), (SOFT, PREDICTED)]
    assert_no_traces(submission, LOSS, cases, draw=soft_samples, **ROUGHLY)


@check("cross_entropy_from_logits", points=1,
       hint="Do it on paper for one row: softmax, the entry of the true class, minus its natural "
            "log. Then the mean over the rows.")
def test_departs_from_minus_log_softmax(submission):
    """The loss is minus the log of the softmax at the labels, and the mean over the samples."""
    OF_LOGITS.assert_holds(submission, [
        (LOGITS, CLASSES), (LOGITS, np.array([2, 0, 3])), (LOGITS, np.array([1, 1, 0])),
        (LOGITS[:1], CLASSES[:1]), (LOGITS[1:, :2], np.array([1, 0])),
        (np.tile(LOGITS, (3, 1)), np.tile(CLASSES, 3)), (LOGITS[:, :3], np.array([2, 0, 1])),
        (np.array([[12.0, 1.0, 0.5]]), np.array([0])),
        ((), {"logits": LOGITS, "labels": CLASSES}),
    ], draw=plain_logits)


@check("cross_entropy_from_logits", points=1,
       hint="exp(710) is inf, and exp(-750) is 0. Which number can you take off a whole row?")
def test_exponentiates_raw_logits(submission):
    """Logits in the thousands, positive and negative, give a finite and exact loss."""
    OF_LOGITS.assert_holds(submission, arrays(
        ([[1000.0, 1001.0, 999.5]], [0]), ([[-1000.0, -1001.0, -1000.5]], [1]),
        ([[800.0, -800.0, 799.0]], [2]), ([[-2000.0, 1.0, 2.0]], [1]),
        ([[-750.0, -751.0, 3000.0]], [1]),
        ([[0.0, 0.0, 0.0, 0.0, 3000.0]], [2]),
        ([[1e300, -1e300, 0.0]], [2]), ([[2e307, 0.0]], [1]), ([[0.0, 5e306]], [0]),
    ), draw=large_logits)


@check("cross_entropy_from_logits", points=0.5,
       hint="1e12 + 0.3 keeps four digits after the point. Do you add a large number that you "
            "subtract again later?")
def test_loses_digits_to_a_large_offset(submission):
    """An offset common to a row changes nothing, however large."""
    cases = [(LOGITS[[row]] + offset, CLASSES[[row]])
             for row, offset in ((0, 1e6), (1, -1e9), (2, 2.0**40), (0, -(2.0**45)), (1, 2.0**44))]
    OF_LOGITS.assert_holds(submission, cases, draw=moved_logits)


@check("cross_entropy_from_logits", points=0.5,
       hint="The true class lies 100 below the best one. What is its log-probability, and does any"
            " clip or epsilon stand in its way?")
def test_clips_a_confident_mistake(submission):
    """A model that is certain and wrong pays in full."""
    OF_LOGITS.assert_holds(submission, arrays(
        ([[0.0, 100.0]], [0]), ([[0.0, 30.0, -1.0]], [0]), ([[12.0, 1.0, 0.5]], [2]),
        ([[-600.0, 100.0, 5.0]], [0]),
    ), draw=confident_logits)


@check("cross_entropy_from_logits", points=0.5,
       hint="Rows are samples. Along which axis do the maximum and the sum run, and do their "
            "results line up with the rows again?")
def test_mixes_up_the_rows(submission):
    """Every row is a question of its own, however many there are and however far apart."""
    apart = LOGITS + np.array([[2.0**44], [-(2.0**40)], [0.0]])
    OF_LOGITS.assert_holds(submission, [
        (apart, CLASSES), (SQUARE, np.array([0, 2, 1])), (SQUARE, np.array([1, 1, 0])),
        (APART, np.array([0, 1, 1])), (APART[::-1], np.array([2, 0, 0])),
    ], draw=square_logits)
    OF_LOGITS.assert_holds(submission, [], draw=logits_of_many_rows, draws=1)
    OF_LOGITS.assert_holds(submission, [], draw=logits_of_many_classes, draws=1)


@check("cross_entropy_from_logits", points=0.5,
       hint="Do you subtract the maximum with `-=`? Does anything depend on an earlier call?")
def test_changes_the_logits_or_remembers_them(submission):
    """Logits and labels stay as they were, and every call starts afresh."""
    cases = [(LOGITS, CLASSES), (1.0 - LOGITS, CLASSES[::-1].copy()),
             (-LOGITS, CLASSES[::-1].copy()), (LOGITS[1:], CLASSES[1:])]
    assert_no_traces(submission, OF_LOGITS, cases, draw=plain_logits, **ROUGHLY)
