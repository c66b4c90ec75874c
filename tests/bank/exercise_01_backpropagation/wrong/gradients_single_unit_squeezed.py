# wrong: mlp_gradients: squeezes the bias gradient of a single hidden unit to a scalar
import numpy as np


def mlp_loss(X, y, W1, b1, W2, b2):
    hidden = np.tanh(X @ W1 + b1)
    y_hat = hidden @ W2 + b2
    return float(np.mean((y_hat - y) ** 2))


def mlp_gradients(X, y, W1, b1, W2, b2):
    hidden = np.tanh(X @ W1 + b1)
    y_hat = hidden @ W2 + b2
    d_out = 2 * (y_hat - y) / y.size
    dW2 = hidden.T @ d_out
    db2 = d_out.sum(axis=0)
    d_hidden = d_out @ W2.T
    d_pre = d_hidden * (1 - hidden**2)
    dW1 = X.T @ d_pre
    db1 = d_pre.sum(axis=0).squeeze()
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def numerical_gradient(f, x, eps=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus = x.copy()
        plus[index] += eps
        minus = x.copy()
        minus[index] -= eps
        grad[index] = (f(plus) - f(minus)) / (2 * eps)
    return grad
