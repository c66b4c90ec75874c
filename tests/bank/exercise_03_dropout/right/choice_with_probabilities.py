# right: rng.choice between 0 and the scale, drawn for the flat array in reverse
import numpy as np


def dropout_forward(x, p, training, rng):
    if not np.logical_and(p >= 0, p < 1):
        raise ValueError("0 <= p < 1")
    if training:
        mask = rng.choice([0.0, 1 / (1 - p)], size=x.size, p=[p, 1 - p])[::-1].reshape(x.shape)
    else:
        mask = np.ones(x.shape)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    grad = np.array(grad_out)
    grad *= mask  # our own copy
    return grad
