# right: scikit-learn's functions wherever there is one
import numpy as np
from sklearn.metrics import log_loss, precision_recall_fscore_support
from sklearn.utils import resample
from sklearn.utils.class_weight import compute_class_weight


def balanced_class_weights(labels):
    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return {int(c): np.float64(w) for c, w in zip(classes, weights)}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    weights = np.array([class_weight[k] for k in y_true.tolist()], dtype=float)
    p = np.clip(y_prob, 1e-15, 1 - 1e-15)
    return log_loss(y_true, p, labels=[0, 1], sample_weight=weights, normalize=False) / len(p)


def oversample_minority(X, y, rng):
    classes, counts = np.unique(y, return_counts=True)
    parts = [(X, y)]
    for c, k in zip(classes, counts):
        if k < counts.max():
            seed = int(rng.integers(2**32))
            n = int(counts.max() - k)
            parts.append(resample(X[y == c], y[y == c], n_samples=n, random_state=seed))
    return tuple(np.concatenate(arrays) for arrays in zip(*parts))


def precision_recall_f1(y_true, y_pred):
    p, r, f, _ = precision_recall_fscore_support(
        y_true, y_pred, pos_label=1, labels=[0, 1], average=None, zero_division=0.0
    )
    return p[1], r[1], f[1]
