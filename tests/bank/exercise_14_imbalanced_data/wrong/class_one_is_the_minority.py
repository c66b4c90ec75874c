# wrong: oversample_minority: uses the highest label as the minority
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
    rare = np.flatnonzero(y == y.max())
    common = np.flatnonzero(y != y.max())
    missing = max(len(common) - len(rare), 0)
    extra = rng.choice(rare, size=missing, replace=True)
    chosen = np.concatenate([common, rare, extra])
    return X[chosen], y[chosen]


def precision_recall_f1(y_true, y_pred):
    tp = np.sum((y_true == 1) & (y_pred == 1))
    fp = np.sum((y_true == 0) & (y_pred == 1))
    fn = np.sum((y_true == 1) & (y_pred == 0))
    precision = float(tp / (tp + fp)) if tp + fp > 0 else 0.0
    recall = float(tp / (tp + fn)) if tp + fn > 0 else 0.0
    if precision + recall == 0:
        return precision, recall, 0.0
    return precision, recall, 2 * precision * recall / (precision + recall)
