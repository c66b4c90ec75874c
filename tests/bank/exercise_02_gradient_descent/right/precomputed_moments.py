# right: X.T @ X and X.T @ y once, so that every step is an affine map
import numpy as np


def mse_gradient(w, X, y):
    return (2 / X.shape[0]) * (X.T @ X @ w - X.T @ y)


def _affine_path(steps, d):
    path = np.zeros((len(steps) + 1, d))
    for k, (matrix, shift) in enumerate(steps):
        path[k + 1] = matrix @ path[k] + shift
    return path


def _step(X, y, lr):
    scale = 2 * lr / len(y)
    return np.eye(X.shape[1]) - scale * X.T @ X, scale * X.T @ y


def batch_gradient_descent(X, y, lr, epochs):
    return _affine_path([_step(X, y, lr)] * epochs, X.shape[1])


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    single = [_step(X[i : i + 1], y[i : i + 1], lr) for i in range(len(y))]
    steps = [single[i] for _ in range(epochs) for i in rng.permutation(len(y))]
    return _affine_path(steps, X.shape[1])


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    steps = []
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for batch in np.split(order, range(batch_size, len(y), batch_size)):
            steps.append(_step(X[batch], y[batch], lr))
    return _affine_path(steps, X.shape[1])
