# wrong: dropout_backward: the result has the integer type of an array made for it
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    result = np.zeros(grad_out.shape, dtype=int)
    result[...] = grad_out * mask
    return result
