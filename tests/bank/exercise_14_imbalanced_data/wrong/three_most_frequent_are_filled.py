# wrong: oversample_minority: fills up the three most frequent classes only

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
    for label, count in counts.most_common(3):
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
