# right: a mask of bools when predicting, and np.where in place of a product
import numpy as np


def dropout_forward(x, p, training, rng, scale=None):
    if not (p >= 0 and p < 1):
        raise ValueError(f"{p} is not a dropout rate")
    if training is False or p == 0:
        return x * 1, np.full(x.shape, True)
    scale = 1 / (1 - p) if scale is None else scale
    dropped = rng.uniform(0, 1, x.shape) < p
    return np.where(dropped, 0.0, x * scale), np.where(dropped, 0.0, scale)


def dropout_backward(grad_out, mask):
    return np.where(mask == 0, 0.0, grad_out * mask)
