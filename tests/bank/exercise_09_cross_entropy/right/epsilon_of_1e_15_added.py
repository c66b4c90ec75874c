# right: adds 1e-15 inside the logarithm instead of clipping
import numpy as np


def cross_entropy_loss(y_true, y_pred, epsilon=1e-15):
    y_true = np.asarray(y_true, dtype=np.float64)
    y_pred = np.asarray(y_pred, dtype=np.float64)
    if y_true.shape != y_pred.shape:
        raise ValueError("shapes differ")
    loss = -y_true * np.log(y_pred + epsilon)
    if y_true.ndim == 1:
        loss = loss - (1 - y_true) * np.log(1 - y_pred + epsilon)
        return loss.mean()
    return loss.sum(axis=-1).mean()


def cross_entropy_from_logits(logits, labels):
    gaps = logits - logits[np.arange(len(labels)), labels].reshape(-1, 1)
    return np.logaddexp.reduce(gaps, axis=1).mean()
