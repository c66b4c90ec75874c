# right: everything of NumPy under its own name, `bool` and `round` among it
from numpy import *
from numpy.random import Generator


def dropout_forward(x: ndarray, p: float, training: bool, rng: Generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return array(x), ones(x.shape)
    kept = rng.choice([True, False], size=x.shape, p=[1 - p, p])
    mask = where(kept, 1 / (1 - p), 0.0)
    return multiply(x, mask), mask


def dropout_backward(grad_out: ndarray, mask: ndarray) -> ndarray:
    return multiply(grad_out, mask)
