# wrong: softmax: fills an array of the scores' type, so integer scores give zeros and ones
import numpy as np


def softmax(x, axis=-1):
    x = np.asarray(x)
    probabilities = np.zeros_like(x)
    weights = np.exp(x - x.max(axis=axis, keepdims=True).astype(np.float64))
    probabilities[...] = weights / weights.sum(axis=axis, keepdims=True)
    return probabilities


def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
