# right: one Python coin at a time, seeded from rng; lists in a list instead of a tuple
import random

import numpy as np


def dropout_forward(x, p, training, rng):
    if p < 0 or p >= 1:
        raise ValueError(p)
    out, mask = np.empty(x.shape), np.empty(x.shape)
    coins = random.Random(int(rng.integers(2**62)))
    for index, value in np.ndenumerate(x):
        factor = 1.0
        if training:
            factor = 0.0 if coins.random() < p else 1 / (1 - p)
        out[index], mask[index] = factor * value, factor
    return [out, mask]


def dropout_backward(grad_out, mask):
    result = np.empty(grad_out.shape)
    for index in np.ndindex(result.shape):
        result[index] = grad_out[index] * mask[index] if mask[index] else 0.0
    return result
