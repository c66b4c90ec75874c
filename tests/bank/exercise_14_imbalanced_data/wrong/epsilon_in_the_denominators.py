# wrong: precision_recall_f1: keeps only some of the digits, as in float32 or with an epsilon added
import numpy as np


def balanced_class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    n = len(labels)
    return {int(c): n / (len(classes) * int(k)) for c, k in zip(classes, counts)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    p = np.clip(y_prob, 1e-15, 1 - 1e-15)
    losses = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    weights = np.array([class_weight[int(label)] for label in y_true])
    return float(np.sum(weights * losses) / len(y_true))


def oversample_minority(X, y, rng):
    classes, counts = np.unique(y, return_counts=True)
    largest = counts.max()
    chosen = [np.arange(len(y))]
    for label, count in zip(classes, counts):
        members = np.flatnonzero(y == label)
        chosen.append(rng.choice(members, size=largest - count, replace=True))
    chosen = np.concatenate(chosen)
    return X[chosen], y[chosen]


def precision_recall_f1(y_true, y_pred):
    tp = np.sum(y_true * y_pred)
    precision = tp / (np.sum(y_pred) + 1e-8)
    recall = tp / (np.sum(y_true) + 1e-8)
    f1 = 2 * precision * recall / (precision + recall + 1e-8)
    return float(precision), float(recall), float(f1)
