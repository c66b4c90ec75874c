# right: everything is minibatch descent, with a batch of one or of all
import math

import numpy as np


def mse_gradient(w, X, y):
    return 2.0 * np.mean((X @ w - y)[:, None] * X, axis=0)


def batch_gradient_descent(X, y, lr, epochs):
    class InOrder:
        def permutation(self, n):
            return np.arange(n)

    return minibatch_gradient_descent(X, y, lr, epochs, len(y), InOrder())


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    return minibatch_gradient_descent(X, y, lr, epochs, 1, rng)


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    per_epoch = math.ceil(len(y) / batch_size)
    path = np.zeros((epochs * per_epoch + 1, X.shape[1]))
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for k in range(per_epoch):
            batch = order[k * batch_size : (k + 1) * batch_size]
            path[step + 1] = path[step] - lr * mse_gradient(path[step], X[batch], y[batch])
            step += 1
    return path
