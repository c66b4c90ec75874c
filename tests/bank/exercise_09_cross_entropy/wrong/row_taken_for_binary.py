# wrong: cross_entropy_loss: treats a batch of one as binary labels
import numpy as np


def cross_entropy_loss(y_true, y_pred):
    y_true = np.asarray(y_true, dtype=np.float64)
    y_pred = np.asarray(y_pred, dtype=np.float64)
    if y_true.shape != y_pred.shape:
        raise ValueError("y_true and y_pred must have the same shape")
    p = np.clip(y_pred, 1e-15, 1 - 1e-15)
    y_true, p = np.squeeze(y_true), np.squeeze(p)
    if y_true.ndim == 1:
        return float(-np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))
    return float(-np.mean(np.sum(y_true * np.log(p), axis=1)))


def cross_entropy_from_logits(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_probs[np.arange(len(labels)), labels].mean())
