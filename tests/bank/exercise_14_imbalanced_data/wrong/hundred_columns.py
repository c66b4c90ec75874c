# wrong: oversample_minority: returns the first 100 columns

from collections import Counter

import numpy as np


def balanced_class_weights(labels: np.ndarray) -> dict[int, float]:
    counts = Counter(labels.tolist())
    return {label: len(labels) / (len(counts) * count) for label, count in counts.items()}


def weighted_binary_cross_entropy(
    y_true: np.ndarray, y_prob: np.ndarray, class_weight: dict[int, float]
) -> float:
    p_true = np.where(y_true == 1, y_prob, 1.0 - y_prob)
    losses = -np.log(p_true.clip(min=1e-15))
    weights = np.array([class_weight[int(label)] for label in y_true])
    return float(np.mean(weights * losses))


def oversample_minority(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    counts = Counter(y.tolist())
    largest = max(counts.values())
    rows = [np.arange(len(y))]
    for label, count in counts.items():
        members = np.flatnonzero(y == label)
        rows.append(rng.choice(members, size=largest - count))
    chosen = np.concatenate(rows)
    return X[chosen, :100], y[chosen]


def precision_recall_f1(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, float, float]:
    hits = int(np.sum((y_true == 1) & (y_pred == 1)))
    predicted = int(np.sum(y_pred == 1))
    actual = int(np.sum(y_true == 1))
    precision = hits / predicted if predicted else 0.0
    recall = hits / actual if actual else 0.0
    f1 = 2 * hits / (predicted + actual) if predicted + actual else 0.0
    return precision, recall, f1
