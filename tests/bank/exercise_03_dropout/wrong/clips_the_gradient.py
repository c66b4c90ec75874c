# wrong: dropout_backward: clips the gradient to a thousand
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return np.clip(grad_out * mask, -1e3, 1e3)
