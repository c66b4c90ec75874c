# wrong: dropout_forward: an AssertionError is raised instead of a ValueError
import numpy as np


def dropout_forward(x, p, training, rng):
    assert 0 <= p < 1, "p must be in [0, 1)"
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
