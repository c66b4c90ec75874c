# wrong: balanced_class_weights: caps the weights at 10
import numpy as np

_RNG = {}


def balanced_class_weights(labels):
    values, counts = np.unique(labels, return_counts=True)
    return {int(v): min(10.0, len(labels) / (len(values) * int(c))) for v, c in zip(values, counts)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    p = np.clip(y_prob, 1e-15, 1 - 1e-15)
    w = np.array([class_weight[int(label)] for label in y_true], dtype=float)
    losses = -np.where(y_true == 1, np.log(p), np.log(1 - p))
    return float((w * losses).sum() / len(y_true))


def oversample_minority(X, y, rng):
    values, counts = np.unique(y, return_counts=True)
    target = counts.max()
    chosen = [np.arange(len(y))]
    for v, c in zip(values, counts):
        rows = np.flatnonzero(y == v)
        chosen.append(rng.choice(rows, size=target - c, replace=True))
    idx = np.concatenate(chosen)
    return X[idx], y[idx]


def precision_recall_f1(y_true, y_pred):
    tp = int(np.sum((y_true == 1) & (y_pred == 1)))
    fp = int(np.sum((y_true == 0) & (y_pred == 1)))
    fn = int(np.sum((y_true == 1) & (y_pred == 0)))
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1
