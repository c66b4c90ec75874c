# right: a table of counts for the scores, log of chosen probabilities, rows by rng.integers
import numpy as np


def balanced_class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    n = len(labels)
    return {int(c): n / (len(classes) * int(k)) for c, k in zip(classes, counts)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    p = np.clip(y_prob, 1e-15, 1 - 1e-15)
    losses = -np.log(np.where(y_true == 1, p, 1 - p))
    weights = np.array([class_weight[int(label)] for label in y_true])
    return float(np.sum(weights * losses) / len(y_true))


def oversample_minority(X, y, rng):
    classes, counts = np.unique(y, return_counts=True)
    largest = counts.max()
    chosen = [np.arange(len(y))]
    for label, count in zip(classes, counts):
        members = np.flatnonzero(y == label)
        chosen.append(members[rng.integers(len(members), size=largest - count)])
    chosen = np.concatenate(chosen)
    return X[chosen], y[chosen]


def precision_recall_f1(y_true, y_pred):
    table = np.zeros((2, 2), dtype=int)
    np.add.at(table, (y_true, y_pred), 1)
    hits = int(table[1, 1])
    shares = [hits / max(int(part.sum()), 1) for part in (table[:, 1], table[1])]
    return (*shares, 2 * hits / max(int(table[:, 1].sum() + table[1].sum()), 1))
