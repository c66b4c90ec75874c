"""Exercise 23: layer normalisation, its gradient, and RMSNorm (numpy).

Every transformer block has two of them, and every interviewer who asks for a block asks for this
line: over which axis, with which variance, where does eps go? It takes a minute, so the rest of
the hour goes into what the line hides. Then they want the gradient. People who know the one of
batch normalisation by heart write that down, and put gamma in the wrong place.

Last comes RMSNorm, which newer models use: "simpler, just no mean". In half precision its squares
overflow at 256. In float64 they do so at 1e154, and your code is expected not to.

In all three functions x is (..., D) with any number of leading axes, none included: (D,) is one
token, (B, L, D) a batch of sequences. Each row along the last axis is normalised by itself.
"""

import numpy as np


def layer_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Normalise each row with its own mean and variance, scale it by gamma, shift it by beta.

    The variance is the population variance: divided by D, not by D - 1.

    Args:
        x: (..., D), float64, entries up to 1e6 in absolute value. D is 1 or more; a row may be
            constant, and its deviation may be far smaller than its mean.
        gamma, beta: (D,), scale and shift of the normalised features.
        eps: Added to the variance, before the root. Positive.
    Returns:
        (..., D) float64, a new array. The arguments stay as they were.
    Example:
        >>> gamma, beta = np.array([1.0, 2.0]), np.array([0.0, 10.0])
        >>> layer_norm(np.array([[1.0, 5.0], [7.0, 7.0]]), gamma, beta).round(4).tolist()
        [[-1.0, 12.0], [0.0, 10.0]]

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_23: `layer_norm` is still a stub")


def layer_norm_backward(
    grad_out: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of `sum(grad_out * out)`, where `out` is what `layer_norm` gives.

    Args:
        grad_out: (..., D), the gradient of the loss with respect to `out`.
        x, gamma, eps: As in `layer_norm`. (The gradients do not depend on beta.)
    Returns:
        (grad_x, grad_gamma, grad_beta), shaped (..., D), (D,) and (D,): new float64 arrays that
        share no memory with an argument. gamma and beta serve all rows, so their gradients are
        sums over all of them. The arguments stay as they were.
    Example:
        >>> x, grad_out = np.array([[1.0, 5.0], [9.0, 3.0]]), np.array([[1.0, 3.0], [2.0, 2.0]])
        >>> grad_x, grad_gamma, grad_beta = layer_norm_backward(grad_out, x, np.ones(2))
        >>> grad_gamma.round(4).tolist(), grad_beta.round(4).tolist()
        ([1.0, 1.0], [3.0, 5.0])
        >>> layer_norm_backward(grad_out, x, np.array([1.0, 2.0]), eps=5.0)[0].round(4).tolist()
        [[-0.463, 0.463], [-0.0955, 0.0955]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_23: `layer_norm_backward` is still a stub")


def rms_norm(x: np.ndarray, gamma: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Compute `x / sqrt(mean(x**2) + eps) * gamma`, with the mean over the last axis.

    Args:
        x: (..., D), float64, entries up to 1e200 in absolute value. Rows of very different size
            may stand side by side; a row may be all zeros.
        gamma: (D,), scale of the features.
        eps: Added to the mean of the squares, before the root. Positive.
    Returns:
        (..., D) float64, a new array, right to 1e-9 of each entry. The arguments stay as they were.
    Example:
        >>> rms_norm(np.array([[1.0, 7.0]]), np.array([5.0, 10.0])).round(4).tolist()
        [[1.0, 14.0]]
        >>> x = np.array([[1e199, 7e199], [0.0, 0.0]])
        >>> rms_norm(x, np.array([5.0, 10.0])).round(4).tolist()
        [[1.0, 14.0], [0.0, 0.0]]

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_23: `rms_norm` is still a stub")
