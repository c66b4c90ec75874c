# wrong: dropout_forward: every row loses the same number of entries
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    ranks = rng.random(x.shape).argsort(axis=-1).argsort(axis=-1)
    mask = (ranks >= round(p * x.shape[-1])) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
