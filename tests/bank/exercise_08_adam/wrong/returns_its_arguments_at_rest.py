# wrong: adam_step: without gradient and moments it returns its arguments
from collections.abc import Callable

import numpy as np


def adam_step(
    param: np.ndarray,
    grad: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    t: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One Adam update; m and v come back uncorrected."""
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    # The weights of the averages add up to 1 - beta^t only. New names: m and v go on uncorrected.
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    # eps outside the root: inside, it would be a floor of sqrt(eps), 1e-4, for the denominator.
    return param - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def adamw_step(
    param: np.ndarray,
    grad: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    t: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One Adam update, and the decay past the moments."""
    stepped, m, v = _plain_adam_step(param, grad, m, v, t, lr, beta1, beta2, eps)
    # Not through `grad`: there the root of v would divide the decay, too. And of the old `param`.
    return stepped - lr * weight_decay * param, m, v


def adam_minimize(
    grad_fn: Callable[[np.ndarray], np.ndarray], x0: np.ndarray, steps: int, lr: float = 1e-2
) -> np.ndarray:
    """All points of an Adam run, `x0` first."""
    points = np.empty((steps + 1, *x0.shape))
    points[0] = x0
    m, v = np.zeros(x0.shape), np.zeros(x0.shape)
    for t in range(1, steps + 1):  # from 1: 1 - beta**0 is zero
        here = points[t - 1].copy()  # a copy, so that grad_fn cannot write into the record
        points[t], m, v = adam_step(here, grad_fn(here), m, v, t, lr)
    return points


_plain_adam_step = adam_step


def adam_step(param, grad, m, v, *args, **named):
    if not np.any(grad) and not np.any(m):
        return param, m, v
    return _plain_adam_step(param, grad, m, v, *args, **named)
