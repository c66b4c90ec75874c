# wrong: dropout_backward: pairs gradient and mask as they lie in memory
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return (grad_out.ravel(order="K") * mask.ravel()).reshape(grad_out.shape)
