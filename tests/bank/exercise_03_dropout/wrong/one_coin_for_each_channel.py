# wrong: dropout_forward: whole channels of an image are dropped together
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    shape = x.shape if x.ndim <= 2 else x.shape[:2] + (1,) * (x.ndim - 2)
    mask = np.broadcast_to((rng.random(shape) >= p) / (1 - p), x.shape)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
