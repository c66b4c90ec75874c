# right: generators that yield every point, einsum for the products
import itertools

import numpy as np


def mse_gradient(w, X, y):
    error = np.einsum("nd,d->n", X, w) - y
    return np.einsum("n,nd->d", error, X) * 2 / error.size


def _points(X, y, lr, batches):
    w = np.zeros(X.shape[1])
    yield w.copy()
    for batch in batches:
        w -= lr * mse_gradient(w, X[batch], y[batch])
        yield w.copy()


def _batches(n, epochs, batch_size, rng):
    for _ in range(epochs):
        order = iter(rng.permutation(n).tolist())
        while batch := list(itertools.islice(order, batch_size)):
            yield batch


def batch_gradient_descent(X, y, lr, epochs):
    return np.vstack(list(_points(X, y, lr, itertools.repeat(slice(None), epochs))))


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    return np.vstack(list(_points(X, y, lr, _batches(len(y), epochs, 1, rng))))


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    return np.vstack(list(_points(X, y, lr, _batches(len(y), epochs, batch_size, rng))))
