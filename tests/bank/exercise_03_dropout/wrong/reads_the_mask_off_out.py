# wrong: dropout_forward: the mask is out / x, which loses survivors where x is zero
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    out = x * (rng.random(x.shape) >= p) / (1 - p)
    mask = np.divide(out, x, out=np.zeros_like(x), where=x != 0)
    return out, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
