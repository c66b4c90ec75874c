# wrong: mlp_gradients: the targets are overwritten with the errors
import numpy as np


def mlp_loss(X, y, W1, b1, W2, b2):
    hidden = np.tanh(X @ W1 + b1)
    y_hat = hidden @ W2 + b2
    return float(np.mean((y_hat - y) ** 2))


def mlp_gradients(X, y, W1, b1, W2, b2):
    hidden = np.tanh(X @ W1 + b1)
    d_out = np.subtract(hidden @ W2 + b2, y, out=y)
    d_out *= 2 / y.size
    d_pre = d_out @ W2.T * (1 - hidden**2)
    grads = {"W1": X.T @ d_pre, "b1": d_pre.sum(axis=0)}
    grads.update(W2=hidden.T @ d_out, b2=d_out.sum(axis=0))
    return grads


def numerical_gradient(f, x, eps=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus = x.copy()
        plus[index] += eps
        minus = x.copy()
        minus[index] -= eps
        grad[index] = (f(plus) - f(minus)) / (2 * eps)
    return grad
