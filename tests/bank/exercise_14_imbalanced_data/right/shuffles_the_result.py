# right: draws in another order and shuffles rows and labels together at the end
from collections import Counter

import numpy as np


def balanced_class_weights(labels):
    counts = Counter(labels.tolist())
    share = len(labels) / len(counts)
    return {label: share / counts[label] for label in sorted(counts, reverse=True)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    loss = 0.0
    for label in np.unique(y_true):
        mine = y_prob[y_true == label]
        p = mine if label == 1 else 1.0 - mine
        loss += class_weight[label] * -np.log(p + 1e-15).sum()
    return np.float64(loss / y_true.size)


def oversample_minority(X, y, rng):
    classes, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    missing = counts.max() - counts
    order = np.argsort(inverse, kind="stable")
    starts = np.cumsum(counts) - counts
    which = np.repeat(np.arange(len(classes)), missing)
    offsets = np.floor(rng.random(len(which)) * counts[which]).astype(int)
    extra = order[starts[which] + offsets]
    chosen = np.concatenate([order, extra])
    rng.shuffle(chosen)
    return X[chosen], y[chosen]


def precision_recall_f1(y_true, y_pred):
    confusion = np.zeros((2, 2))
    np.add.at(confusion, (y_true, y_pred), 1)
    hits = confusion[1, 1]
    precision = hits / max(confusion[:, 1].sum(), 1)
    recall = hits / max(confusion[1].sum(), 1)
    f1 = 0.0 if hits == 0 else 2 / (1 / precision + 1 / recall)
    return precision, recall, f1
