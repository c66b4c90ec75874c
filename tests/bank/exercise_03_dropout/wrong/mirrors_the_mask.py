# wrong: dropout_forward: the second half of the mask is the first one's mirror image
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.size) >= p) / (1 - p)
    mask[-(x.size // 2) or x.size :] = mask[: x.size // 2][::-1]
    mask = mask.reshape(x.shape)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
