# wrong: dropout_forward: one mask a shape is drawn once and used again
import numpy as np


_masks = {}


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    if (x.shape, p) not in _masks:
        _masks[x.shape, p] = (rng.random(x.shape) >= p) / (1 - p)
    mask = _masks[x.shape, p]
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
