"""Exercise 03: dropout, forward and backward (numpy).

Everybody can say "randomly set units to zero". The interviewer asks what else has to happen, and
when: what keeps the size of the activations the same, what the layer does at prediction time,
and what reaches a unit in the backward pass that was dropped in the forward pass.

One mistake here never crashes. Training looks fine, prediction is a little off, and a team
spends a week on it. The follow-up: how do you test a layer that is random?
"""

from __future__ import annotations

import numpy as np


def dropout_forward(
    x: np.ndarray, p: float, training: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Apply inverted dropout.

    In training every entry is dropped (set to zero) with probability `p`, independently of all
    others, and the survivors are scaled by `1 / (1 - p)`. Not in training nothing happens to
    `x`, and the mask is all ones.

    Args:
        x: Activations of any shape, float64, in any memory order; they stay as they were.
        p: The probability that a unit is dropped, at least 0 and less than 1.
        training: Whether the network is being trained.
        rng: The only source of randomness. How you draw from it is up to you; the same state
            of the generator gives the same mask.
    Returns:
        `(out, mask)`, both shaped like `x`: `out` (float64) equals `x * mask` up to rounding,
        so that the scale is in the mask too. The mask's dtype is free.
    Raises:
        ValueError: `p` is outside [0, 1), in training or not.
    Example:
        >>> x, rng = np.array([[1.0, -2.0], [3.0, 4.0]]), np.random.default_rng(0)
        >>> out, mask = dropout_forward(x, 0.75, training=False, rng=rng)
        >>> out.tolist(), bool((mask == 1).all())
        ([[1.0, -2.0], [3.0, 4.0]], True)
        >>> out, mask = dropout_forward(np.ones(1000), 0.75, training=True, rng=rng)
        >>> sorted(set(out.round(6).tolist()))
        [0.0, 4.0]

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting (2014), section 10 for the inverted scale.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_03: `dropout_forward` is still a stub")


def dropout_backward(grad_out: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Take the gradient back through the layer.

    Args:
        grad_out: The gradient of the loss with respect to `out`, shaped like it.
        mask: What `dropout_forward` returned along with that `out`.
    Returns:
        The gradient of the loss with respect to `x`, float64, of the same shape. The arguments
        stay as they were.
    Example:
        >>> dropout_backward(np.array([1.0, 2.0, 3.0]), np.array([4.0, 4.0, 4.0])).tolist()
        [4.0, 8.0, 12.0]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_03: `dropout_backward` is still a stub")
