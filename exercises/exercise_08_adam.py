"""Exercise 08: Adam, AdamW, and what tells them apart (numpy).

"Write Adam." It is five lines, everybody has used it, and so the interviewer watches the details:
what the moments start from and what is done about it, where eps stands, what is returned for the
next step. Each detail has been wrong in somebody's training run, and none of them crashes.

The follow-up is worth a job at places that train large models: "Your colleague added weight decay
to the gradient, and you say AdamW. What is the difference, if both have the same lambda?"
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
    """Make one Adam update, with bias correction.

    Args:
        param, grad: A parameter of any shape and its gradient.
        m, v: The moments that the step before returned; zeros before the first step.
        t: The number of this step, counting from 1.
        lr: The learning rate.
        beta1, beta2: How much of m and of v is kept.
        eps: Added to the square root of the bias-corrected second moment.
    Returns:
        (param, m, v) after the step, m and v *without* bias correction. All are new float64
        arrays; the ones that were given stay as they were.
    Source: Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
    Example:
        >>> zero = np.zeros(2)
        >>> param, m, v = adam_step(np.array([1.0, 2.0]), np.array([0.5, -4.0]), zero, zero, t=1)
        >>> param.round(4).tolist()
        [0.999, 2.001]
        >>> m.round(4).tolist()
        [0.05, -0.4]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_08: `adam_step` is still a stub")


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
    """Make one Adam update with decoupled weight decay.

    Args:
        param, grad, m, v, t, lr, beta1, beta2, eps: As in `adam_step`.
        weight_decay: The step also takes lr * weight_decay * param off the parameter, `param`
            being the value from before the update.
    Returns:
        (param, m, v) as in `adam_step`.
    Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2.
    Example:
        >>> zero = np.zeros(1)
        >>> param, m, v = adamw_step(np.array([100.0]), zero, zero, zero, t=1, lr=0.5)
        >>> param.round(4).tolist()
        [99.5]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_08: `adamw_step` is still a stub")


def adam_minimize(
    grad_fn: Callable[[np.ndarray], np.ndarray], x0: np.ndarray, steps: int, lr: float = 1e-2
) -> np.ndarray:
    """Walk downhill from `x0` with Adam's default betas and eps, and keep the way.

    Args:
        grad_fn: Gives the gradient at a point, both shaped like `x0`.
        x0: Where to start. It stays as it was.
        steps: The number of updates, from 0 up.
        lr: The learning rate.
    Returns:
        float64 (steps + 1, *x0.shape): every point visited, `x0` first.
    Example:
        >>> path = adam_minimize(lambda x: 2 * x, np.array([3.0, -1.0]), steps=4, lr=0.1)
        >>> path.shape
        (5, 2)
        >>> path[1].round(4).tolist()
        [2.9, -0.9]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_08: `adam_minimize` is still a stub")
