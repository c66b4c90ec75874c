# wrong: weighted_binary_cross_entropy: puts the weights into an array of integers
import numpy as np


def balanced_class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    n = len(labels)
    return {int(c): n / (len(classes) * int(k)) for c, k in zip(classes, counts)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    p = np.clip(y_prob, 1e-15, 1 - 1e-15)
    losses = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    weights = np.zeros(len(y_true), dtype=int)
    weights[:] = [class_weight[int(label)] for label in y_true]
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
    tp = int(np.sum(y_true * y_pred))
    predicted, actual = int(np.sum(y_pred)), int(np.sum(y_true))
    precision = tp / predicted if predicted else 0.0
    recall = tp / actual if actual else 0.0
    f1 = 2 * precision * recall / (precision + recall) if tp else 0.0
    return precision, recall, f1
