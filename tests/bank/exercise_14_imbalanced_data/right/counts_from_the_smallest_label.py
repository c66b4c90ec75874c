# right: counts between the smallest label and the largest, logarithms by class, an array of three
import numpy as np


def balanced_class_weights(labels):
    low = int(labels.min())
    counts = np.bincount(np.asarray(labels, dtype=np.int64) - low)
    seen = counts.nonzero()[0]
    weights = labels.size / (seen.size * counts[seen])
    return dict(zip((seen + low).tolist(), weights.tolist(), strict=True))


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    ones = y_true.astype(bool)
    logs = np.empty(len(ones))
    logs[ones] = np.log(np.fmax(y_prob[ones], 1e-15))
    logs[~ones] = np.log1p(-np.fmin(y_prob[~ones], 1 - 1e-15))
    weights = np.where(ones, class_weight.get(1, 0.0), class_weight.get(0, 0.0))
    return -(weights @ logs) / ones.size


def oversample_minority(X, y, rng):
    labels = np.unique(y)
    size = max(np.count_nonzero(y == label) for label in labels)
    X_new, y_new = X.copy(), y.copy()
    for label in labels:
        if missing := size - np.count_nonzero(y == label):
            X_new = np.append(X_new, rng.choice(X[y == label], missing, axis=0), axis=0)
            y_new = np.append(y_new, np.full(missing, label, dtype=y.dtype))
    return X_new, y_new


def precision_recall_f1(y_true, y_pred):
    hit = float(np.dot(y_true.astype(float), y_pred))
    said, are = float(y_pred.sum()), float(y_true.sum())
    return np.array([hit / max(said, 1), hit / max(are, 1), 2 * hit / max(said + are, 1)])
