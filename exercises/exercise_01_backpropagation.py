"""Exercise 01: backpropagation by hand, and the check that proves it (numpy).

"Take this pen, and write me the backward pass of a network with one hidden layer." Everybody
has called `loss.backward()`; the interviewer wants to know whether you could have written it.
The follow-up comes before the ink is dry: "How do you know that it is right?" A wrong gradient
rarely crashes. It trains, a little worse, and costs a team a week. So you write the check, too:
a gradient found by nothing but calling the loss.

The network of this exercise, with X (N, D), W1 (D, H), b1 (H,), W2 (H, K), b2 (K,), y (N, K):

    hidden = tanh(X @ W1 + b1)
    y_hat  = hidden @ W2 + b2
    loss   = mean over all entries of (y_hat - y)**2
"""

from collections.abc import Callable

import numpy as np


def mlp_loss(
    X: np.ndarray,
    y: np.ndarray,
    W1: np.ndarray,
    b1: np.ndarray,
    W2: np.ndarray,
    b2: np.ndarray,
) -> float:
    """Run the network forward and measure how far off it is.

    Args:
        X: Samples (N, D); a single one will do.
        y: Targets (N, K).
        W1, b1: Weights (D, H) and biases (H,) of the hidden layer.
        W2, b2: Weights (H, K) and biases (K,) of the output layer.
    Returns:
        The mean of the squared errors over all N * K entries, as a float. It is finite also
        where hidden units are saturated. The arguments stay as they were.
    Example:
        >>> X, y = np.array([[1.0, 2.0]]), np.array([[1.0]])
        >>> W1, b1, W2, b2 = np.zeros((2, 3)), np.zeros(3), np.ones((3, 1)), np.array([3.0])
        >>> round(float(mlp_loss(X, y, W1, b1, W2, b2)), 4)
        4.0
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_01: `mlp_loss` is still a stub")


def mlp_gradients(
    X: np.ndarray,
    y: np.ndarray,
    W1: np.ndarray,
    b1: np.ndarray,
    W2: np.ndarray,
    b2: np.ndarray,
) -> dict[str, np.ndarray]:
    """Differentiate `mlp_loss` with respect to each of the four parameters.

    Args:
        X, y, W1, b1, W2, b2: As in `mlp_loss`.
    Returns:
        The exact gradient (no finite differences) under the keys "W1", "b1", "W2" and "b2",
        each float64 and shaped like its parameter. The arguments stay as they were.
    Source: Goodfellow, Bengio and Courville, Deep Learning, section 6.5.
    Example:
        >>> X, y = np.array([[1.0, 2.0]]), np.array([[1.0]])
        >>> W1, b1, W2, b2 = np.zeros((2, 3)), np.zeros(3), np.ones((3, 1)), np.array([3.0])
        >>> mlp_gradients(X, y, W1, b1, W2, b2)["b2"].round(4).tolist()
        [4.0]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_01: `mlp_gradients` is still a stub")


def numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Estimate the gradient of `f` at `x` by central differences, one entry at a time.

    Args:
        f: A scalar function of one array. Every array that it is given is shaped like `x`.
        x: A float array of any shape, () included. It comes back bit for bit unchanged.
        eps: How far an entry is moved, to either side.
    Returns:
        float64, shaped like `x`.
    Source: Press et al., Numerical Recipes, section 5.7.
    Example:
        >>> def sum_of_squares(x):
        ...     return float((x ** 2).sum())
        >>> numerical_gradient(sum_of_squares, np.array([1.0, -3.0])).round(4).tolist()
        [2.0, -6.0]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_01: `numerical_gradient` is still a stub")
