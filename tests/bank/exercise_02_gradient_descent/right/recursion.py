# right: each path is the path before plus one more point
import numpy as np


def mse_gradient(w, X, y):
    w, X, y = np.asarray(w, float), np.asarray(X, float), np.asarray(y, float)
    return sum(2 * (x.dot(w) - t) * x for x, t in zip(X, y)) / len(y)


def batch_gradient_descent(X, y, lr, epochs):
    if epochs == 0:
        return np.zeros((1, X.shape[1]))
    path = batch_gradient_descent(X, y, lr, epochs - 1)
    return np.vstack([path, path[-1] - lr * mse_gradient(path[-1], X, y)])


def stochastic_gradient_descent(X, y, lr, epochs, rng, w0=None):
    w = np.zeros(X.shape[1]) if w0 is None else w0
    path = [w]
    for i in np.concatenate([rng.permutation(len(y)) for _ in range(epochs)] or [[]]).astype(int):
        w = w + 2 * lr * (y[i] - X[i] @ w) * X[i]
        path += [w]
    return np.asarray(path)


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    def walk(w, X, y):
        if len(y) == 0:
            return []
        head, tail = slice(None, batch_size), slice(batch_size, None)
        w = w - lr * mse_gradient(w, X[head], y[head])
        return [w, *walk(w, X[tail], y[tail])]

    path = [np.zeros(X.shape[1])]
    for _ in range(epochs):
        order = rng.permutation(len(y))
        path += walk(path[-1], X[order], y[order])
    return np.array(path)
