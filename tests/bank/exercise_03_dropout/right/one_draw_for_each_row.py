# right: recursion down to the last axis, one draw for each row; float32 draws
import numpy as np


def _mask(shape, p, rng):
    if len(shape) > 1:
        return np.stack([_mask(shape[1:], p, rng) for _ in range(shape[0])])
    return (rng.random(shape, dtype=np.float32) >= p).astype(float)


def dropout_forward(x, p, training, rng):
    if p >= 1 or p < 0:
        raise ValueError("p")
    if not training:
        return np.array(x), np.ones_like(x)
    keep = _mask(x.shape, p, rng)
    keep /= 1.0 - p
    return keep * x, keep


def dropout_backward(grad_out, mask):
    return mask * grad_out
