# right: only the dropped positions are drawn, as geometric gaps between them
import numpy as np


def dropout_forward(x, p, training, rng):
    if not 0.0 <= p < 1.0:
        raise ValueError("p is outside [0, 1)")
    if not training:
        return x + 0.0, np.ones_like(x)
    mask = np.full(x.size, 1.0 / (1.0 - p))
    if p > 0:
        gaps = rng.geometric(p, size=x.size)
        dropped = np.cumsum(gaps) - 1
        mask[dropped[dropped < x.size]] = 0.0
    mask = mask.reshape(x.shape)
    out = x.copy()
    out *= mask
    return out, mask


def dropout_backward(grad_out, mask):
    return np.multiply(grad_out, mask)
