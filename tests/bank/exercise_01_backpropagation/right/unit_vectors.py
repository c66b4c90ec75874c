# right: differences along the rows of an identity matrix, and 1 / cosh^2 as the derivative
import numpy as np


def mlp_loss(X, y, W1, b1, W2, b2):
    hidden = np.tanh(X @ W1 + b1)
    y_hat = hidden @ W2 + b2
    return float(np.mean((y_hat - y) ** 2))


def mlp_gradients(X, y, W1, b1, W2, b2):
    z = X @ W1 + b1
    with np.errstate(over="ignore"):
        slope = np.cosh(z) ** -2.0
    d_out = (np.tanh(z) @ W2 + b2 - y) * 2 / np.prod(y.shape)
    d_pre = d_out @ W2.T * slope
    ones = np.ones(len(X))
    return dict(W1=X.T @ d_pre, b1=ones @ d_pre, W2=np.tanh(z).T @ d_out, b2=ones @ d_out)


def numerical_gradient(f, x, eps=1e-5):
    steps = eps * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [f(x + step) / (2 * eps) - f(x - step) / (2 * eps) for step in steps]
    return np.array(slopes, dtype=float).reshape(x.shape)
