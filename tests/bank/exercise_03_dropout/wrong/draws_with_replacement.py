# wrong: dropout_forward: entries to drop are drawn with replacement, so fewer are dropped
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = np.full(x.size, 1 / (1 - p))
    mask[rng.integers(0, x.size, size=int(p * x.size))] = 0
    mask = mask.reshape(x.shape)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
