# wrong: dropout_forward: rng is ignored in favour of a generator of the module, which goes on
import numpy as np

OWN = np.random.default_rng(2014)  # with a seed, or what this answer is known by would change


def dropout_forward(x, p, training, rng):
    if not 0 <= p < 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (OWN.random(x.shape) >= p) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out, mask):
    return grad_out * mask
