# wrong: dropout_forward: draws whole percentages, so that p = 1/256 drops nothing
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0.0 <= p < 1.0:
        raise ValueError("p")
    if not training:
        return x.copy(), np.ones(x.shape)
    keep = rng.integers(0, 100, x.shape) >= int(100 * p)
    mask = keep / (1.0 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
