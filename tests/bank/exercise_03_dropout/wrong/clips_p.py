# wrong: dropout_forward: an impossible p is clipped instead of refused
import numpy as np


def dropout_forward(x, p, training, rng):
    p = min(max(p, 0.0), 0.999)
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
