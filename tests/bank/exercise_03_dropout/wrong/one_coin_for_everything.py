# wrong: dropout_forward: one coin decides about the whole array
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random() >= p) / (1 - p) * np.ones_like(x)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
