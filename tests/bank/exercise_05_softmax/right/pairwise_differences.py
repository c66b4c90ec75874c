# right: each probability is one over the sum of exp of all differences to it
import numpy as np


def softmax(x, axis=-1):
    x = np.moveaxis(np.asarray(x, dtype=np.float64), axis, -1)
    with np.errstate(all="ignore"):
        differences = x[..., None, :] - x[..., :, None]
        # -inf minus -inf is nan, but an impossible score has no claim to anything.
        sums = np.where(np.isneginf(x), np.inf, np.exp(differences).sum(axis=-1))
        return np.moveaxis(1.0 / sums, -1, axis)


def log_softmax(x, axis=-1):
    x = np.moveaxis(np.asarray(x, dtype=np.float64), axis, -1)
    order = np.sort(x, axis=-1)
    largest, others = order[..., -1:], order[..., :-1]
    rest = np.exp(others - largest).sum(axis=-1, keepdims=True)
    return np.moveaxis((x - largest) - np.log1p(rest), -1, axis)
