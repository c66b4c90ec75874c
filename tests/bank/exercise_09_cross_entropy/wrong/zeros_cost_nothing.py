# wrong: cross_entropy_loss: replaces log(0) by 0, so the worst mistake costs nothing
import numpy as np


def cross_entropy_loss(y_true, y_pred):
    y_true = np.asarray(y_true, dtype=np.float64)
    y_pred = np.asarray(y_pred, dtype=np.float64)
    if y_true.shape != y_pred.shape:
        raise ValueError("y_true and y_pred must have the same shape")
    if y_true.ndim == 1:
        y_true = np.column_stack([1 - y_true, y_true])
        y_pred = np.column_stack([1 - y_pred, y_pred])
    logs = np.log(y_pred, out=np.zeros_like(y_pred), where=y_pred > 0)
    return float(-np.mean(np.sum(y_true * logs, axis=1)))


def cross_entropy_from_logits(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_probs[np.arange(len(labels)), labels].mean())
