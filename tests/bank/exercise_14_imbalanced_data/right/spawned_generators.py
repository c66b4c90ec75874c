# right: a child generator for every class, masks and einsum
import numpy as np


def balanced_class_weights(labels):
    classes = np.unique(labels)
    onehot = labels[:, None] == classes[None, :]
    weights = len(labels) / (onehot.sum(axis=0) * classes.size)
    result = {}
    for position in range(classes.size):
        result[int(classes[position])] = weights[position].item()
    return result


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    weights = np.zeros(len(y_true))
    for label, weight in class_weight.items():
        weights[y_true == label] = weight
    p_true = np.abs(1.0 - y_true - y_prob)
    return float(np.einsum("n,n->", weights, -np.log(np.clip(p_true, 1e-15, 1))) / len(y_true))


def oversample_minority(X, y, rng):
    table = {label: np.nonzero(y == label)[0] for label in dict.fromkeys(y.tolist())}
    largest = max(rows.size for rows in table.values())
    seeds = rng.integers(2**63, size=len(table))
    picks = []
    for seed, rows in zip(seeds, table.values()):
        child = np.random.default_rng(seed)
        picks.append(rows)
        if rows.size < largest:
            picks.append(rows[child.integers(0, rows.size - 1, largest - rows.size, endpoint=True)])
    picks = np.hstack(picks)
    return X[picks, :], y[picks]


def precision_recall_f1(y_true, y_pred):
    with np.errstate(divide="ignore", invalid="ignore"):
        tp = np.float64(np.logical_and(y_true == 1, y_pred == 1).sum())
        precision = np.nan_to_num(tp / (y_pred == 1).sum())
        recall = np.nan_to_num(tp / (y_true == 1).sum())
        f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
    return precision, recall, f1
