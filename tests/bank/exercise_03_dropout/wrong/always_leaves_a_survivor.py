# wrong: dropout_forward: puts one entry back where all were dropped
import numpy as np

def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    keep = rng.random(x.shape) >= p
    if not keep.any(): keep.flat[0] = True
    mask = keep / (1.0 - p)
    return x * mask, mask

def dropout_backward(grad_out, mask):
    return grad_out * mask
