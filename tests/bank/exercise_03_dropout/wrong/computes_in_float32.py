# wrong: dropout_forward: keeps only some of the digits, as in float32 or with an epsilon added
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    mask = mask.astype(np.float32)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
