# right: plain Python floats, arrays only at the end
import numpy as np


def _gradient(w, rows, targets):
    result = [0.0] * len(w)
    for row, target in zip(rows, targets):
        error = sum(a * b for a, b in zip(row, w)) - target
        for j, x in enumerate(row):
            result[j] += 2 * error * x / len(rows)
    return result


def _descend(X, y, lr, batches):
    rows, targets = X.tolist(), y.tolist()
    path = [[0.0] * len(rows[0])]
    for batch in batches:
        gradient = _gradient(path[-1], [rows[i] for i in batch], [targets[i] for i in batch])
        path.append([w - lr * g for w, g in zip(path[-1], gradient)])
    return np.array(path)


def mse_gradient(w, X, y):
    return np.array(_gradient(w.tolist(), X.tolist(), y.tolist()))


def batch_gradient_descent(X, y, lr, epochs):
    return _descend(X, y, lr, [list(range(len(y)))] * epochs)


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    orders = [rng.permutation(len(y)) for _ in range(epochs)]
    return _descend(X, y, lr, ([i] for order in orders for i in order))


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    batches = []
    for _ in range(epochs):
        waiting = list(rng.permutation(len(y)))
        while waiting:
            batches.append(waiting[:batch_size])
            del waiting[:batch_size]
    return _descend(X, y, lr, batches)
