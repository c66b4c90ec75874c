"""What to say: clipping by the global norm treats the gradients of all parameters as one vector and
shortens it if it is too long. What matters is that one factor serves all arrays. The direction
of the step stays the gradient's own, and only its length is bounded. Clip each array alone, or
each entry, and you step in a direction that nobody computed.

It is a ceiling and not a normalisation: within the bound the gradients must pass untouched, or
else training could never come to rest near a minimum. I return the norm from before clipping,
since that is the curve to watch. A norm that climbs for a hundred steps announces the divergence,
and the share of clipped steps tells whether the bound is sensible.

Clipping cannot repair NaN. NaN > max_norm is False, so a naive `if` waves it through, and with
inf the factor is 0 and inf * 0 is NaN again. Such a step should be refused or skipped, so I raise.

Why do they explode? Going back one step through h_t = W h_(t-1) multiplies the gradient by W
transposed, going back k steps by its k-th power. So the norm behaves like the largest eigenvalue's
modulus to the power of k: above one it explodes, below one it vanishes, and a matrix that is
not normal may grow at first and vanish later. In a tanh network the derivative, at most one,
joins the product and helps vanishing along.

And gradients that vanish? Clipping does nothing for them; scaling them up would scale up noise.
There the architecture has to help: gates as in LSTM and GRU, residual connections, orthogonal
initialisation, attention.
"""

import numpy as np


def global_norm(grads: list[np.ndarray]) -> float:
    """The L2 norm over all entries of all arrays."""
    # Squares may be summed array by array; roots may not, so the one root comes last.
    return float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))


def clip_by_global_norm(
    grads: list[np.ndarray], max_norm: float
) -> tuple[list[np.ndarray], float]:
    """One factor for all arrays, 1 within the bound, and the norm from before."""
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    # NaN compares False with everything: without this line it would count as "within the bound".
    if not np.isfinite(norm):
        raise ValueError(f"the global gradient norm is {norm}")
    # Also right for a norm of zero: there is nothing to divide by.
    scale = max_norm / norm if norm > max_norm else 1.0
    return [grad * scale for grad in grads], norm


def bptt_gradient_norms(W_hh: np.ndarray, grad_last: np.ndarray, steps: int) -> np.ndarray:
    """Multiply by the transposed Jacobian once a step, and note the length."""
    norms = np.empty(steps + 1)
    grad = grad_last
    norms[0] = np.linalg.norm(grad)
    for step in range(1, steps + 1):
        # The Jacobian of h_t is W_hh, and a gradient travels back through its transpose.
        grad = W_hh.T @ grad  # (H,)
        norms[step] = np.linalg.norm(grad)
    return norms
