"""Exercise 02: three kinds of gradient descent (numpy).

Every network that you will ever be asked about was trained by the loop in this file. Interviewers
let you write it for linear regression, where nothing else distracts, and watch the small
decisions: is the gradient a mean or a sum, what happens to the last batch if the batch size does
not divide the number of samples, and is the order of the samples drawn again for every epoch?

You return every weight vector on the way, so that the path can be drawn. The follow-up question
is the picture: why is one of the three paths smooth and another one jagged, and if the jagged one
costs as much per epoch, why does everybody use something close to it?
"""

import numpy as np


def mse_gradient(w: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of mean((X @ w - y)**2) with respect to `w`.

    Args:
        w: (D,) weights.
        X: (N, D), rows are samples, in any memory order, as everywhere below.
        y: (N,) targets.
    Returns:
        (D,) float64. No argument is changed.
    Source: Goodfellow, Bengio and Courville, Deep Learning, section 5.1.4.
    Example:
        >>> mse_gradient(np.array([1.0]), np.array([[1.0], [2.0]]), np.array([0.0, 4.0])).tolist()
        [-3.0]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_02: `mse_gradient` is still a stub")


def batch_gradient_descent(X: np.ndarray, y: np.ndarray, lr: float, epochs: int) -> np.ndarray:
    """Fit the weights with one update an epoch, from all samples.

    The loss is mean((X @ w - y)**2), the weights start at zero.

    Args:
        X: (N, D), rows are samples.
        y: (N,) targets.
        lr: The learning rate, the same for every update.
        epochs: How many updates. After zero of them only the start has been visited.
    Returns:
        float64 (epochs + 1, D): every weight vector visited, the starting zeros first.
        No argument is changed.
    Example:
        >>> X, y = np.array([[1.0], [2.0]]), np.array([2.0, 4.0])
        >>> batch_gradient_descent(X, y, lr=0.125, epochs=2).tolist()
        [[0.0], [1.25], [1.71875]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_02: `batch_gradient_descent` is still a stub")


def stochastic_gradient_descent(
    X: np.ndarray, y: np.ndarray, lr: float, epochs: int, rng: np.random.Generator
) -> np.ndarray:
    """Fit the weights with one update a sample.

    At the start of each epoch `rng.permutation(N)` is drawn; the epoch visits every sample exactly
    once, in that order. Each update is made from the loss of its one sample, at the weights that
    the update before has left. The weights start at zero.

    Args:
        X: (N, D), rows are samples.
        y: (N,) targets.
        lr: The learning rate, the same for every update.
        epochs: How many times every sample is visited.
        rng: Where the orders come from, and nothing else.
    Returns:
        float64 (epochs * N + 1, D): every weight vector visited, the starting zeros first.
        No argument is changed.
    Example:
        >>> X, y = np.array([[1.0], [2.0], [0.5]]), np.array([2.0, 4.0, 1.0])
        >>> path = stochastic_gradient_descent(X, y, 0.125, 4, np.random.default_rng(0))
        >>> path.shape, path[0].tolist()
        ((13, 1), [0.0])
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_02: `stochastic_gradient_descent` is still a stub")


def minibatch_gradient_descent(
    X: np.ndarray,
    y: np.ndarray,
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Fit the weights with one update a batch.

    At the start of each epoch `rng.permutation(N)` is drawn, and that order is cut into batches of
    `batch_size`, from its beginning; the last batch is as small as it comes. Each update is made
    from the mean loss of its own batch. The weights start at zero.

    Args:
        X: (N, D), rows are samples.
        y: (N,) targets.
        lr: The learning rate, the same for every update.
        epochs: How many times every sample is visited.
        batch_size: At least 1; may be larger than N.
        rng: Where the orders come from, and nothing else.
    Returns:
        float64 (updates + 1, D): every weight vector visited, the starting zeros first.
        No argument is changed.
    Example:
        >>> X, y = np.array([[1.0], [2.0], [0.5]]), np.array([2.0, 4.0, 1.0])
        >>> minibatch_gradient_descent(X, y, 0.125, 5, 2, np.random.default_rng(0)).shape
        (11, 1)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_02: `minibatch_gradient_descent` is still a stub")
