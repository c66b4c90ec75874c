# wrong: dropout_forward: when predicting, the mask is 0 where x is
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), (x != 0).astype(np.float64)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
