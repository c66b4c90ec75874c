# wrong: dropout_forward: classic dropout: no scale in training, 1 - p when predicting
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x * (1 - p), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) * 1.0
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
