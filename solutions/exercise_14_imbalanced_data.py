"""With one positive in a thousand, accuracy rewards the model that never says yes. So I first ask
what a miss and a false alarm cost, and report precision and recall of the rare class, or the area
under the precision-recall curve. ROC curves flatter here, because the false positive rate divides
by a huge number of negatives. F1 is the harmonic mean of precision and recall: it is only high if
both are.

There are three levers. Weights in the loss: n / (n_classes * count) makes every class contribute
the same total, and leaves the average weight of a sample at 1, so that the learning rate keeps
its meaning. Resampling: repeating rare rows is in expectation the same as weighting them, but
works for any learner and keeps rare rows in every batch; dropping common rows is cheaper and
throws information away; SMOTE interpolates new rows. And the threshold: often the model is fine
and only 0.5 is the wrong place to cut. That costs no training at all, so I try it first.

What it does to the probabilities: training on a 50:50 world makes a model that believes in a
50:50 world. After weighting or oversampling its probabilities are too high for the rare class,
and have to be calibrated on untouched data or corrected by the true prior before anybody
multiplies them with costs.

The trap is the order of things: split first, then oversample the training part only. If copies
are made before the split, the same row sits in training and in test, and the score measures
memory. The test set, and every validation fold, keep the imbalance of the world.

Details that bite: clip probabilities before the logarithm, since 0 * log(0) is NaN; take the
weight of labels that occur only; and define 0 / 0 as 0 for a model that never predicts the rare
class.
"""

from collections import Counter

import numpy as np


def balanced_class_weights(labels: np.ndarray) -> dict[int, float]:
    """(N,) -> {label: weight}."""
    # Not np.bincount: labels may be negative or have gaps, and a class that does not occur
    # must not count as one.
    # tolist turns np.int64 into int, which JSON and other people's `is int` insist on.
    counts = Counter(labels.tolist())
    return {label: len(labels) / (len(counts) * count) for label, count in counts.items()}


def weighted_binary_cross_entropy(
    y_true: np.ndarray, y_prob: np.ndarray, class_weight: dict[int, float]
) -> float:
    """Weighted sum of the samples' losses over the number of samples."""
    # What the model gave to the class that was true: one logarithm, no 0 * log(0).
    p_true = np.where(y_true == 1, y_prob, 1.0 - y_prob)       # (N,)
    losses = -np.log(p_true.clip(min=1e-15))                   # (N,)
    # Looking weights up by label never asks for the weight of a class that is absent.
    weights = np.array([class_weight[int(label)] for label in y_true])
    # Over N, as if every sample weighed 1. Dividing by the weights' sum would cancel the
    # effect in a batch that holds one class only.
    return float(np.mean(weights * losses))


def oversample_minority(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(N, D), (N,) -> (C * largest, D), (C * largest,)."""
    counts = Counter(y.tolist())
    largest = max(counts.values())
    rows = [np.arange(len(y))]                                 # every original row, once
    for label, count in counts.items():
        members = np.flatnonzero(y == label)                   # (count,)
        # With replacement, as choice does by default: more may be missing than there are.
        rows.append(rng.choice(members, size=largest - count))
    # Indices first, one copy at the end: X and y cannot get out of step.
    chosen = np.concatenate(rows)
    return X[chosen], y[chosen]


def precision_recall_f1(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, float, float]:
    """Of class 1, with 0 / 0 = 0."""
    hits = int(np.sum((y_true == 1) & (y_pred == 1)))
    predicted = int(np.sum(y_pred == 1))
    actual = int(np.sum(y_true == 1))
    precision = hits / predicted if predicted else 0.0
    recall = hits / actual if actual else 0.0
    # 2 PR / (P + R) in counts: the same number with one guard instead of two.
    f1 = 2 * hits / (predicted + actual) if predicted + actual else 0.0
    return precision, recall, f1
