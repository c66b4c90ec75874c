"""Exercise 07: gradient clipping, and why recurrent networks need it (numpy).

"Your loss was falling for two days, and at step 41,000 it is NaN. What do you do?" Everybody
answers "clip the gradients", and the interviewer nods and asks: "Which norm, of what? What if the
gradient is NaN already? And why do gradients explode in the first place?"

The first two questions are one function, of about six lines, that is wrong in surprisingly many
repositories. The last one you answer with an experiment: you follow a gradient backwards
through a recurrence and watch its length. The follow-up: what does clipping do about gradients
that vanish?
"""

import numpy as np


def global_norm(grads: list[np.ndarray]) -> float:
    """Measure all gradients of a model as if they were one long vector.

    Args:
        grads: float64 arrays of any shapes, one for each parameter; they stay as they were.
    Returns:
        The L2 norm over all entries of all arrays together, as a float.
    Example:
        >>> round(float(global_norm([np.array([3.0]), np.array([[0.0, 4.0]])])), 4)
        5.0
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_07: `global_norm` is still a stub")


def clip_by_global_norm(
    grads: list[np.ndarray], max_norm: float
) -> tuple[list[np.ndarray], float]:
    """Shorten the gradients, all together, where they are longer than `max_norm`.

    Args:
        grads: float64 arrays of any shapes, in any memory order; all zeros are fine. Neither
            they nor the list are changed.
        max_norm: The largest global norm that is let through.
    Returns:
        (clipped, norm): a list of new float64 arrays in the same order and shapes, and the global
        norm *before* clipping. Gradients within the bound keep their values (the arrays are new
        all the same). Others are scaled by one common factor, so that their global norm is
        `max_norm` within 1e-5 relative. This holds for small norms too: adding an epsilon of
        1e-6 to a norm of 0.01 changes it by too much.
    Raises:
        ValueError: the global norm is not finite.
    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks,
        2013, section 3.2.
    Example:
        >>> clipped, norm = clip_by_global_norm([np.array([6.0]), np.array([[0.0, 8.0]])], 5.0)
        >>> round(float(norm), 4)
        10.0
        >>> [array.round(3).tolist() for array in clipped]
        [[3.0], [[0.0, 4.0]]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_07: `clip_by_global_norm` is still a stub")


def bptt_gradient_norms(W_hh: np.ndarray, grad_last: np.ndarray, steps: int) -> np.ndarray:
    """Follow a gradient back in time through the linear recurrence h_t = W_hh @ h_(t-1).

    Args:
        W_hh: The recurrent weights (H, H), in general not symmetric.
        grad_last: The gradient (H,) of the loss with respect to the last hidden state.
        steps: How many steps to go back, from 0 up.
    Returns:
        float64 (steps + 1,): the L2 norms of the loss gradient with respect to the last hidden
        state, the one before it, and so on; entry 0 is the norm of `grad_last`. Both arrays
        stay as they were.
    Example:
        >>> bptt_gradient_norms(np.array([[0.5]]), np.array([-4.0]), 3).round(4).tolist()
        [4.0, 2.0, 1.0, 0.5]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_07: `bptt_gradient_norms` is still a stub")
