# right: fancy indexing everywhere, an extra default argument, where= in divide
import numpy as np


def balanced_class_weights(labels, power=1.0):
    classes, inverse = np.unique(labels, return_inverse=True)
    counts = np.bincount(inverse)
    weights = (inverse.size / (classes.size * counts)) ** power
    return {c.item(): w for c, w in zip(classes, weights)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight, eps=1e-15):
    both = np.stack([1 - y_prob, y_prob], axis=1)
    both = np.clip(both, eps, None)
    picked = both[np.arange(len(y_true)), y_true]
    table = np.array([class_weight.get(0, np.nan), class_weight.get(1, np.nan)])
    return -np.mean(table[y_true] * np.log(picked))


def oversample_minority(X, y, rng):
    labels = sorted(set(y.tolist()), key=lambda c: -np.count_nonzero(y == c))
    target = np.count_nonzero(y == labels[0])
    X_list, y_list = [X], [y]
    for label in labels[1:]:
        rows = X[y == label]
        missing = target - len(rows)
        while missing > 0:
            X_list.append(rows[rng.integers(len(rows))][None, :])
            y_list.append(np.array([label], dtype=y.dtype))
            missing -= 1
    return np.vstack(X_list), np.hstack(y_list)


def precision_recall_f1(y_true, y_pred):
    tp = np.sum((y_true == 1) * (y_pred == 1), dtype=float)
    denominators = np.array([np.sum(y_pred == 1), np.sum(y_true == 1)], dtype=float)
    scores = np.divide(tp, denominators, out=np.zeros(2), where=denominators > 0)
    total = denominators.sum()
    return (*scores, 2 * tp / total if total else 0.0)
