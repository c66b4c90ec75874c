# right: the three scores in one array, which unpacks as a triple does; groups by sorting
from itertools import groupby

import numpy as np


def balanced_class_weights(labels):
    runs = {int(label): len(list(group)) for label, group in groupby(np.sort(labels))}
    return {label: labels.size / (len(runs) * count) for label, count in runs.items()}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    total = 0.0
    for label in np.unique(y_true):
        p = y_prob[y_true == label]
        chosen = p if label == 1 else 1 - p
        total -= class_weight[int(label)] * np.log(np.clip(chosen, 1e-15, None)).sum()
    return total / len(y_true)


def oversample_minority(X, y, rng):
    labels, counts = np.unique(y, return_counts=True)
    rows = [np.arange(y.size)]
    for label, count in zip(labels, counts):
        rows.append(rng.choice(np.argwhere(y == label).ravel(), counts.max() - count))
    rows = np.concatenate(rows)
    rng.shuffle(rows)
    return np.asfortranarray(X[rows]), y[rows]


def precision_recall_f1(y_true, y_pred):
    hits = np.count_nonzero(y_true & y_pred)
    found, there = np.count_nonzero(y_pred), np.count_nonzero(y_true)
    parts = np.array([found, there, (found + there) / 2])
    return np.divide(hits, parts, out=np.zeros(3), where=parts > 0)
