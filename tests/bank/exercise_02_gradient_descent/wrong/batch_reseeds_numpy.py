# wrong: batch_gradient_descent: sets the seed of NumPy's global generator
import numpy as np

def mse_gradient(w, X, y):
    return 2.0 * X.T @ (X @ w - y) / len(y)

def batch_gradient_descent(X, y, lr, epochs):
    np.random.seed(42)
    w = np.zeros(X.shape[1])
    path = [w]
    for _ in range(epochs):
        g = 2.0 * X.T @ (X @ w - y) / len(y)
        w = w - lr * g
        path.append(w)
    return np.array(path)

def stochastic_gradient_descent(X, y, lr, epochs, rng):
    w = np.zeros(X.shape[1])
    out = [w]
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for i in order:
            w = w - lr * 2.0 * (X[i] @ w - y[i]) * X[i]
            out.append(w)
    return np.array(out)

def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    w = np.zeros(X.shape[1])
    trail = [w]
    N = len(y)
    for _ in range(epochs):
        order = rng.permutation(N)
        for start in range(0, N, batch_size):
            idx = order[start:start + batch_size]
            g = 2.0 * X[idx].T @ (X[idx] @ w - y[idx]) / len(idx)
            w = w - lr * g
            trail.append(w)
    return np.array(trail)
