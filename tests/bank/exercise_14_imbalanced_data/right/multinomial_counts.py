# right: draws how often each row is added rather than which rows
import numpy as np
from scipy.special import xlog1py, xlogy


def balanced_class_weights(labels):
    classes = set(labels.tolist())
    return {c: 1 / (len(classes) * float(np.mean(labels == c))) for c in classes}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    p = np.clip(y_prob, 1e-15, 1 - 1e-15)
    losses = -(xlogy(y_true, p) + xlog1py(1 - y_true, -p))
    weights = np.vectorize(lambda label: float(class_weight[label]))(y_true)
    return weights @ losses / len(losses)


def oversample_minority(X, y, rng):
    times = np.ones(len(y), dtype=int)
    sizes = {c: int((y == c).sum()) for c in np.unique(y)}
    for c, size in sizes.items():
        times[y == c] += rng.multinomial(max(sizes.values()) - size, np.full(size, 1 / size))
    return np.repeat(X, times, axis=0), np.repeat(y, times)


def precision_recall_f1(y_true, y_pred):
    tp, predicted, actual = (float(v) for v in (y_true @ y_pred, y_pred.sum(), y_true.sum()))

    def share(part, whole):
        return part / whole if whole else 0.0

    return share(tp, predicted), share(tp, actual), share(2 * tp, predicted + actual)
