# right: rng.shuffle of an index list, Fortran order, an extra default argument
import numpy as np


def mse_gradient(w, X, y, reduction="mean"):
    gradient = np.dot(2.0 * (np.dot(X, w) - y), X)
    return gradient / y.size if reduction == "mean" else gradient


def batch_gradient_descent(X, y, lr, epochs):
    path = np.zeros((X.shape[1], epochs + 1))
    for k in range(epochs):
        path[:, k + 1] = path[:, k] - lr * mse_gradient(path[:, k], X, y)
    return path.T


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    points = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        order = np.arange(len(y))
        rng.shuffle(order)
        X_epoch, y_epoch = X[order], y[order]
        for i in range(len(y)):
            rows = slice(i, i + 1)
            points.append(points[-1] - lr * mse_gradient(points[-1], X_epoch[rows], y_epoch[rows]))
    return np.array(points, order="F")


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    batch_size = min(batch_size, len(y))
    points = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        order = np.arange(len(y))
        rng.shuffle(order)
        full = len(y) // batch_size * batch_size
        batches = [*order[:full].reshape(-1, batch_size)]
        if full < len(y):
            batches.append(order[full:])
        for batch in batches:
            total = mse_gradient(points[-1], X[batch], y[batch], reduction="sum")
            points.append(points[-1] - lr / len(batch) * total)
    return np.array(points)
