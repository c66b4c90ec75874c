# right: plain Python: dicts, loops, lists of rows
import math

import numpy as np


def balanced_class_weights(labels):
    counts = {}
    for label in labels:
        counts[int(label)] = counts.get(int(label), 0) + 1
    weights = {}
    for label, count in counts.items():
        weights[label] = len(labels) / len(counts) / count
    return weights


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    total = 0.0
    for label, p in zip(y_true, y_prob):
        if label == 1:
            total -= class_weight[1] * math.log(max(p, 1e-15))
        else:
            total -= class_weight[0] * math.log(max(1 - p, 1e-15))
    return total / len(y_true)


def oversample_minority(X, y, rng):
    by_class = {}
    for row, label in zip(X.tolist(), y.tolist()):
        by_class.setdefault(label, []).append(row)
    largest = max(len(rows) for rows in by_class.values())
    X_new, y_new = [], []
    for label, rows in by_class.items():
        extra = [rows[int(rng.random() * len(rows))] for _ in range(largest - len(rows))]
        X_new += rows + extra
        y_new += [label] * largest
    return [np.array(X_new), np.array(y_new, dtype=y.dtype)]


def precision_recall_f1(y_true, y_pred):
    tp = fp = fn = 0
    for true, pred in zip(y_true, y_pred):
        if pred == 1 and true == 1:
            tp += 1
        elif pred == 1:
            fp += 1
        elif true == 1:
            fn += 1
    if tp == 0:
        return 0, 0, 0
    return [tp / (tp + fp), tp / (tp + fn), tp / (tp + 0.5 * (fp + fn))]
