# right: exponential waiting times decide; out is made from x alone, the mask is its own array
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    dropped = rng.exponential(size=x.shape) < -np.log1p(-p)
    out = np.array(x, order="C") / (1 - p)
    out[dropped] = 0
    return out, ~dropped / (1 - p)


def dropout_backward(grad_out, mask):
    return grad_out * mask
