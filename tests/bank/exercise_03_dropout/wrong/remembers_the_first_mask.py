# wrong: dropout_backward: the mask of the first call of a shape is used for later ones
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


_masks = {}


def dropout_backward(grad_out, mask):
    mask = _masks.setdefault(grad_out.shape, mask)
    return grad_out * mask
