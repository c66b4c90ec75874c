"""The hidden checks of exercise 09.

Truth for probabilities is the definition, in plain loops and math.log. Truth for logits is
log(sum of exp(logit - true logit)) in decimals, which subtract exactly here and do not overflow.
"""

import math
from decimal import Decimal

import numpy as np
import pytest

from gradekit.grading import assert_afresh, assert_close, assert_unchanged, check

# Every row sums to one; no two rows and no two columns are alike.
PREDICTED = np.array([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4], [0.05, 0.85, 0.06, 0.04]])
ONE_HOT = np.array([[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
SOFT = np.array([[0.5, 0.25, 0.25, 0.0], [0.2, 0.3, 0.4, 0.1], [0.05, 0.05, 0.0, 0.9]])
LABELS = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
CHANCES = np.array([0.75, 0.125, 0.6, 0.2, 0.9])
LOGITS = np.array([[0.5, -1.25, 2.0, 0.0], [3.0, 1.5, -0.75, 2.25], [-2.0, 0.25, 1.0, 1.75]])
CLASSES = np.array([0, 3, 1])


def by_definition(targets, predictions):
    """Sum over classes of -target * log(probability), mean over samples."""
    losses = [
        -sum(t * math.log(p) for t, p in zip(target, prediction, strict=True) if t)
        for target, prediction in zip(targets, predictions, strict=True)
    ]
    return math.fsum(losses) / len(losses)


def binary_by_definition(labels, chances):
    """Minus the log of the chance that the true class was given, mean over samples."""
    return by_definition([[1 - y, y] for y in labels], [[1 - p, p] for p in chances])


def from_logits_by_definition(logits, labels):
    """log(sum of exp(logit - true logit)) in decimals, mean over samples."""
    losses = []
    for row, label in zip(np.asarray(logits).tolist(), np.asarray(labels).tolist(), strict=True):
        differences = [Decimal(logit) - Decimal(row[label]) for logit in row]
        losses.append(sum(difference.exp() for difference in differences).ln())
    return float(sum(losses) / len(losses))


@check("cross_entropy_loss", points=1, hint="What does one sample cost whose true class got "
                                            "probability 0.25? Which classes take part, and with "
                                            "which logarithm?")
def test_departs_from_minus_log_of_the_true_class(submission):
    """One sample costs minus the natural log of the probability that its true class got."""
    for row in range(3):
        for true in range(4):
            target = np.eye(4)[[true]]
            assert_close(submission.cross_entropy_loss(target, PREDICTED[[row]]),
                         by_definition(target, PREDICTED[[row]]),
                         rtol=1e-9)  # clipping at 1e-15 and rounding change 1e-14
    assert_close(submission.cross_entropy_loss(y_true=np.array([[0.0, 1.0]]),
                                               y_pred=np.array([[0.75, 0.25]])),
                 math.log(4.0), rtol=1e-9)  # the same


@check("cross_entropy_loss", points=0.5, hint="Double the batch by repeating it: should the loss "
                                              "change? And if you add a class that nobody is in?")
def test_sums_samples_or_averages_over_classes(submission):
    """A batch costs the mean over its samples, however many classes there are."""
    for targets, predictions in (
        (ONE_HOT, PREDICTED),
        (ONE_HOT[:2], PREDICTED[:2]),
        (np.tile(ONE_HOT, (3, 1)), np.tile(PREDICTED, (3, 1))),
        (np.eye(2)[[1, 0, 0, 1, 0]], np.stack([1.0 - CHANCES, CHANCES], axis=1)),
        (np.hstack([ONE_HOT, np.zeros((3, 3))]), np.hstack([PREDICTED, np.zeros((3, 3))])),
    ):
        assert_close(submission.cross_entropy_loss(targets, predictions),
                     by_definition(targets, predictions), rtol=1e-9)  # sound ones: 1e-14


@check("cross_entropy_loss", points=0.5, hint="If a target is 0.5, 0.25, 0.25, how much does each "
                                              "class's logarithm count?")
def test_reduces_soft_targets_to_one_class(submission):
    """Soft targets count every class by its share."""
    pairs = [(targets, PREDICTED) for targets in (SOFT, SOFT[::-1], np.full((3, 4), 0.25))]
    pairs.append((np.array([[0.75, 0.25], [0.4, 0.6]]), np.array([[0.5, 0.5], [0.125, 0.875]])))
    for targets, predictions in pairs:
        assert_close(submission.cross_entropy_loss(targets, predictions),
                     by_definition(targets, predictions), rtol=1e-9)  # sound ones: 1e-14


@check("cross_entropy_loss", points=1, hint="With y = 0 and p = 0.9, is the loss 0? Which chance "
                                            "did class 0 get, and where is its term?")
def test_forgets_class_zero_in_the_binary_case(submission):
    """In one dimension both labels cost minus the log of the chance that they were given."""
    for labels, chances in (
        (LABELS, CHANCES), (1.0 - LABELS, CHANCES), (LABELS[:1], CHANCES[:1]),
        (LABELS[1:2], CHANCES[1:2]), (LABELS[1:3], CHANCES[1:3]), (LABELS[[0, 3]], CHANCES[[0, 3]]),
    ):
        assert_close(submission.cross_entropy_loss(labels, chances),
                     binary_by_definition(labels, chances), rtol=1e-9)  # sound ones: 1e-14


@check("cross_entropy_loss", points=1, hint="log(0) is -inf, and 0 times -inf is nan. How far may "
                                            "a probability fall, and do you take the log of p "
                                            "only?")
def test_takes_the_log_of_zero(submission):
    """Probabilities of exactly 0 and 1 give the finite loss of clipping at 1e-15."""
    worst = -math.log(1e-15)
    for targets, predictions, expected in (
        ([[1.0, 0.0, 0.0]], [[0.0, 0.75, 0.25]], worst),
        ([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]],
         (worst + math.log(2.0)) / 3),
        ([[0.5, 0.25, 0.25]], [[0.0, 1.0, 0.0]], 0.75 * worst),
        ([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], 0.0),
        ([1.0], [0.0], worst),
        ([0.0], [1.0], worst),
        ([0.0, 1.0], [0.0, 1.0], 0.0),
        ([1.0, 0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.5], (2 * worst + math.log(2.0)) / 5),
    ):
        assert_close(submission.cross_entropy_loss(np.array(targets), np.array(predictions)),
                     expected, rtol=1e-4, atol=1e-12)  # the catalogue's; where log 1 is 1e-15
    small = np.array([[1e-11, 1.0 - 1e-11]])
    assert_close(submission.cross_entropy_loss(np.array([[1.0, 0.0]]), small), -math.log(1e-11),
                 rtol=1e-4)  # far above 1e-15, so nothing to clip; p + 1e-15 is within 4e-6


@check("cross_entropy_loss", points=1, hint="What does numpy make of (N,) minus (N, 1)? Who "
                                            "notices that the two arguments do not belong "
                                            "together?")
def test_broadcasts_shapes_that_differ(submission):
    """Only arguments of different shapes raise a ValueError, also where they would broadcast."""
    assert_close(submission.cross_entropy_loss(ONE_HOT[:1], PREDICTED[:1]),
                 by_definition(ONE_HOT[:1], PREDICTED[:1]),
                 rtol=0.9)  # near enough to be no error; its value is for other checks
    for targets, predictions in (
        (LABELS, CHANCES[:4]),
        (LABELS, CHANCES[:, None]),
        (LABELS[:, None], CHANCES),
        (LABELS[:1], CHANCES),
        (LABELS, CHANCES[:1]),
        (ONE_HOT, PREDICTED[:1]),
        (ONE_HOT[:1], PREDICTED),
        (ONE_HOT, PREDICTED[:, :1]),
        (ONE_HOT, PREDICTED[:, :3]),
        (ONE_HOT, PREDICTED[:2]),
        (ONE_HOT, PREDICTED.T),
        (ONE_HOT[0], PREDICTED),
        (ONE_HOT, PREDICTED[0]),
        (LABELS[None], CHANCES),
        (CLASSES, PREDICTED),
        ([1, 0], [[0.5, 0.5]]),
    ):
        with pytest.raises(ValueError):
            submission.cross_entropy_loss(targets, predictions)


@check("cross_entropy_loss", points=0.5, hint="Do lists and integers have the methods that you "
                                              "call? In which type do clip and log work, and is 1 "
                                              "- 1e-15 a float32?")
def test_needs_float64_arrays(submission):
    """Lists, integers and float32 are taken, and computed with in float64."""
    # Eighths sum to exactly one in float32 too; their logarithms do not fit into it.
    single = np.array([[0.125, 0.625, 0.25], [0.375, 0.3125, 0.3125]], dtype=np.float32)
    for targets, predictions in (
        ([[0, 1], [1, 0]], [[0.3, 0.7], [0.6, 0.4]]),
        (((1, 0, 0), (0, 0, 1)), single),
        (np.array([[0, 1, 0], [0, 0, 1]], dtype=np.int8), single),
        (single, np.array([[0.25, 0.25, 0.5], [0.5, 0.125, 0.375]])),
    ):
        assert_close(submission.cross_entropy_loss(targets, predictions),
                     by_definition(np.asarray(targets).tolist(), np.asarray(predictions).tolist()),
                     rtol=1e-9)  # float32 arithmetic errs by 1e-8 to 1e-7
    for labels, chances in (
        ([1, 0, 1], [0.3, 0.7, 0.9]),
        (np.array([1, 0, 0], dtype=np.uint8), np.array([0.3, 0.7, 0.9], dtype=np.float32)),
    ):
        assert_close(submission.cross_entropy_loss(labels, chances),
                     binary_by_definition(np.asarray(labels).tolist(),
                                          np.asarray(chances).tolist()),
                     rtol=1e-9)  # the same
    worst = -math.log(1e-15)
    for labels, chances in (([1, 0], [0, 0]), ([0, 0], np.array([0, 1], dtype=np.float32))):
        assert_close(submission.cross_entropy_loss(labels, chances), worst / 2,
                     rtol=1e-4)  # the catalogue's for exact zeros and ones


@check("cross_entropy_loss", points=0.5, hint="Do you clip into the caller's own array? And does "
                                              "anything outlive a call?")
def test_changes_its_arguments_or_remembers_them(submission):
    """Targets and predictions stay as they were, and every call starts afresh."""
    zeros = np.array([[0.0, 1.0], [1.0, 0.0], [0.25, 0.75]])
    assert_unchanged(submission, "cross_entropy_loss", np.eye(2)[[0, 1, 1]], zeros)
    assert_unchanged(submission, "cross_entropy_loss", np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert_unchanged(submission, "cross_entropy_loss", [[0, 1]], [[0.0, 1.0]])
    for targets, predictions in ((SOFT, PREDICTED), (ONE_HOT, PREDICTED[::-1].copy())):
        value = assert_unchanged(submission, "cross_entropy_loss", targets, predictions)
        assert_close(value, by_definition(targets, predictions), rtol=1e-9)  # sound ones: 1e-14
    later = (SOFT[::-1].copy(), PREDICTED[::-1, ::-1].copy())
    assert_close(assert_afresh(submission, "cross_entropy_loss", (SOFT, PREDICTED), later),
                 by_definition(*later), rtol=1e-9)  # sound ones: 1e-14


@check("cross_entropy_from_logits", points=1,
       hint="Do it on paper for one row: softmax, the entry of the true class, minus its natural "
            "log. Then the mean over the rows.")
def test_departs_from_minus_log_softmax(submission):
    """The loss is minus the log of the softmax at the labels, and the mean over the samples."""
    for logits, labels in (
        (LOGITS, CLASSES), (LOGITS, np.array([2, 0, 3])), (LOGITS, np.array([1, 1, 0])),
        (LOGITS[:1], CLASSES[:1]), (LOGITS[1:, :2], np.array([1, 0])),
        (np.tile(LOGITS, (3, 1)), np.tile(CLASSES, 3)), (LOGITS[:, :3], np.array([2, 0, 1])),
        (np.array([[12.0, 1.0, 0.5]]), np.array([0])),
    ):
        assert_close(submission.cross_entropy_from_logits(logits, labels),
                     from_logits_by_definition(logits, labels), rtol=1e-9)  # the catalogue's
    assert_close(submission.cross_entropy_from_logits(logits=LOGITS, labels=CLASSES),
                 from_logits_by_definition(LOGITS, CLASSES), rtol=1e-9)  # the catalogue's


@check("cross_entropy_from_logits", points=1,
       hint="exp(710) is inf, and exp(-750) is 0. Which number can you take off a whole row?")
def test_exponentiates_raw_logits(submission):
    """Logits in the thousands, positive and negative, give a finite and exact loss."""
    for logits, labels in (
        ([[1000.0, 1001.0, 999.5]], [0]),
        ([[-1000.0, -1001.0, -1000.5]], [1]),
        ([[800.0, -800.0, 799.0], [0.5, 1.0, -0.25]], [2, 2]),
        ([[-2000.0, 1.0, 2.0], [-750.0, -751.0, 3000.0]], [1, 1]),
        ([[0.0, 0.0, 0.0, 0.0, 3000.0]], [2]),
    ):
        assert_close(submission.cross_entropy_from_logits(np.array(logits), np.array(labels)),
                     from_logits_by_definition(logits, labels), rtol=1e-9)  # the catalogue's
    for logits, labels, expected in (
        ([[1e300, -1e300, 0.0]], [2], 1e300),
        ([[2e307, 0.0], [0.0, 5e306]], [1, 0], 1.25e307),
    ):
        assert_close(submission.cross_entropy_from_logits(np.array(logits), np.array(labels)),
                     expected, rtol=1e-9)  # the catalogue's; nothing but the gap is left


@check("cross_entropy_from_logits", points=0.5,
       hint="1e12 + 0.3 keeps four digits after the point. Do you add a large number that you "
            "subtract again later?")
def test_loses_digits_to_a_large_offset(submission):
    """An offset common to a row changes nothing, however large."""
    for offset in (1e6, -1e9, 2.0**40, -(2.0**45)):
        moved = LOGITS + offset  # exact: quarters survive up to 2**50
        assert_close(submission.cross_entropy_from_logits(moved, CLASSES),
                     from_logits_by_definition(moved, CLASSES), rtol=1e-9)  # the catalogue's
    moved = LOGITS + np.array([[2.0**44], [-(2.0**40)], [0.0]])
    assert_close(submission.cross_entropy_from_logits(moved, CLASSES),
                 from_logits_by_definition(moved, CLASSES), rtol=1e-9)  # the catalogue's


@check("cross_entropy_from_logits", points=0.5,
       hint="The true class lies 100 below the best one. What is its log-probability, and does any"
            " clip or epsilon stand in its way?")
def test_clips_a_confident_mistake(submission):
    """A model that is certain and wrong pays in full."""
    for logits, labels in (
        ([[0.0, 100.0]], [0]),
        ([[0.0, 30.0, -1.0], [12.0, 1.0, 0.5]], [0, 2]),
        ([[-600.0, 100.0, 5.0], [0.25, 0.5, 0.75]], [0, 1]),
    ):
        assert_close(submission.cross_entropy_from_logits(np.array(logits), np.array(labels)),
                     from_logits_by_definition(logits, labels), rtol=1e-9)  # the catalogue's


@check("cross_entropy_from_logits", points=0.5,
       hint="Rows are samples. Along which axis do the maximum and the sum run, and do their "
            "results line up with the rows again?")
def test_mixes_up_the_rows(submission):
    """Every row is a question of its own, in square batches and with rows far apart as well."""
    square = np.array([[0.5, -1.25, 2.0], [3.0, 1.5, -0.75], [-2.0, 0.25, 4.0]])
    apart = np.array([[3000.0, 3001.0, 3000.5], [-1.0, 0.0, 2.0], [-4000.0, -4002.0, -4001.0]])
    for logits, labels in ((square, [0, 2, 1]), (square, [1, 1, 0]), (apart, [0, 1, 1]),
                           (apart[::-1], [2, 0, 0])):
        assert_close(submission.cross_entropy_from_logits(logits, np.array(labels)),
                     from_logits_by_definition(logits, labels), rtol=1e-9)  # the catalogue's


@check("cross_entropy_from_logits", points=0.5,
       hint="Do you subtract the maximum with `-=`? Does anything depend on an earlier call?")
def test_changes_the_logits_or_remembers_them(submission):
    """Logits and labels stay as they were, and every call starts afresh."""
    for logits, labels in ((LOGITS, CLASSES), (-LOGITS, CLASSES[::-1].copy()),
                           (LOGITS[1:], CLASSES[1:])):
        value = assert_unchanged(submission, "cross_entropy_from_logits", logits, labels)
        assert_close(value, from_logits_by_definition(logits, labels),
                     rtol=1e-9)  # the catalogue's
    later = (1.0 - LOGITS, CLASSES[::-1].copy())
    value = assert_afresh(submission, "cross_entropy_from_logits", (LOGITS, CLASSES), later)
    assert_close(value, from_logits_by_definition(*later), rtol=1e-9)  # the catalogue's
