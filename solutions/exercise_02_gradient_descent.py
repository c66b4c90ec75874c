"""The gradient of mean((Xw - y)^2) is 2/N X^T (Xw - y): the residuals, weighted by the inputs
that caused them. Gradient descent walks against it, w <- w - lr * gradient. The three variants
differ only in how many samples they look at before they take a step.

Batch descent uses all N. Its path is smooth, and with a small enough learning rate the loss falls
at every step: for this quadratic loss lr must stay below 2 / L, where L is the largest eigenvalue
of 2/N X^T X. But one step costs a pass over the data. Stochastic descent steps after every
sample: N steps for the same pass, each along an unbiased but noisy estimate. It gets near the
minimum quickly, and then, with a constant learning rate, rattles around it in a ball whose size
grows with lr; so the rate is decayed. Minibatches are what everybody uses: the standard error
falls with the root of the batch size only, so from 32 to a few hundred samples the noise is
tamed, and the hardware multiplies the matrix in nearly the time of a single row.

The mean and not the sum, so that the learning rate does not have to change with the batch size,
and so that a last batch of 3 takes a sensible step instead of a tiny one. That last batch is
kept: dropping it means that some samples are seen less often. Its step is noisier, which is why
people drop it with BatchNorm.

A new order every epoch. Without shuffling, data sorted by class makes the weights swing from
class to class; with one fixed order the same pattern of errors repeats. Sampling without
replacement sees every row once an epoch, and in practice converges faster than drawing with
replacement. X and y are permuted by the same indices.

The follow-ups: features on different scales stretch the valley, so standardise, or use momentum
or Adam. For linear regression one would solve the least squares problem directly; descent pays
off when D or N is large, or when the model is not linear. And double the batch, double the
learning rate, is a rule of thumb that holds until the batch is large.
"""

import numpy as np


def mse_gradient(w: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(D,), (N, D), (N,) -> (D,)."""
    residuals = X @ w - y                                      # (N,)
    return 2.0 / len(y) * X.T @ residuals                      # (D, N) @ (N,)


def batch_gradient_descent(X: np.ndarray, y: np.ndarray, lr: float, epochs: int) -> np.ndarray:
    """(N, D), (N,) -> (epochs + 1, D)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        # A new array each time. `w -= ...` would change the one that is already in the path,
        # and every row of the result would show the final weights.
        path.append(path[-1] - lr * mse_gradient(path[-1], X, y))
    return np.array(path)


def stochastic_gradient_descent(
    X: np.ndarray, y: np.ndarray, lr: float, epochs: int, rng: np.random.Generator
) -> np.ndarray:
    """(N, D), (N,) -> (epochs * N + 1, D): minibatches of one."""
    return minibatch_gradient_descent(X, y, lr, epochs, batch_size=1, rng=rng)


def minibatch_gradient_descent(
    X: np.ndarray,
    y: np.ndarray,
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(N, D), (N,) -> (epochs * ceil(N / batch_size) + 1, D)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        # Inside the loop: one order for all epochs would repeat the same noise.
        order = rng.permutation(len(y))                        # (N,)
        for start in range(0, len(y), batch_size):
            # A slice past the end is cut short, which is what the last batch needs.
            batch = order[start : start + batch_size]
            # The same indices for X and y keep every sample with its target.
            path.append(path[-1] - lr * mse_gradient(path[-1], X[batch], y[batch]))
    return np.array(path)
