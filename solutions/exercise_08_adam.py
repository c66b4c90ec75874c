"""What to say: Adam keeps two running averages for each parameter, one of the gradient and one of
its square, and steps by the first over the root of the second. The first is momentum. The second
measures how large this parameter's gradients usually are, and dividing by its root gives every
parameter steps of about the size lr, whether its gradients are 1e-4 or 1e4.

Both averages start from zero, so at first they are too small: after t steps their weights add up
to 1 - beta^t. Dividing by that makes each a true weighted mean of the gradients seen so far. It
matters: with beta2 = 0.999, v at the first step is a thousandth of the squared gradient, its root
a 32nd, while m is a tenth, so an uncorrected first step would be about three times too long. t
counts from 1, otherwise one divides by zero. And the corrected values are for this step only; what
is carried on are the raw averages, or the correction compounds.

eps stands outside the root. It keeps 0 / 0 away, and it bounds the step of parameters whose
gradients are tiny; inside the root, 1e-8 would count as 1e-4.

AdamW: under plain SGD, an L2 penalty and weight decay are the same. Under Adam they are not,
because a penalty that is added to the gradient is divided by the root of v like everything else,
so that weights with large gradients are hardly decayed at all. AdamW leaves the moments alone and
shrinks the weights directly, all by the same factor 1 - lr * weight_decay.

What does it cost? Two more arrays for each parameter: in float32 that is 8 bytes beside the 4 of
the weight, which is why large models shard or quantise their optimiser state.
"""

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
    stepped, m, v = adam_step(param, grad, m, v, t, lr, beta1, beta2, eps)
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
