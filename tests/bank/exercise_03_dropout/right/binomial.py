# right: Bernoulli draws, survivors with probability 1 - p; x itself comes back when predicting
import numpy as np


def dropout_forward(x, p, training, rng):
    if p not in Interval(0, 1):
        raise ValueError("p")
    if not training:
        return x, np.ones(x.shape)
    keep = 1 - p
    mask = rng.binomial(1, keep, size=x.shape) / keep
    return np.multiply(x, mask), mask


class Interval:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __contains__(self, value):
        return self.low <= value < self.high


def dropout_backward(grad_out, mask):
    return np.einsum("...,...->...", grad_out, mask)
