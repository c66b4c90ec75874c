# wrong: stochastic_gradient_descent: treats the permutation as ranks instead of the order
import numpy as np


def mse_gradient(w, X, y):
    return 2 * X.T @ (X @ w - y) / len(y)


def batch_gradient_descent(X, y, lr, epochs):
    w = np.zeros(X.shape[1])
    path = [w]
    for _ in range(epochs):
        w = w - lr * 2 * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path)


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    w = np.zeros(X.shape[1])
    path = [w]
    for _ in range(epochs):
        for i in np.argsort(rng.permutation(len(y))):
            w = w - lr * 2 * (X[i] @ w - y[i]) * X[i]
            path.append(w)
    return np.array(path)


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    n, d = X.shape
    w = np.zeros(d)
    path = [w]
    for _ in range(epochs):
        order = rng.permutation(n)
        for start in range(0, n, batch_size):
            batch = order[start : start + batch_size]
            X_b, y_b = X[batch], y[batch]
            w = w - lr * 2 * X_b.T @ (X_b @ w - y_b) / len(batch)
            path.append(w)
    return np.array(path)
