# wrong: dropout_forward: survivors are scaled by 1 / p
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / p if p > 0 else np.ones_like(x)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
