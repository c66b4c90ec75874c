# wrong: dropout_forward: the product is written into x with out=x
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return np.multiply(x, mask, out=x), mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
