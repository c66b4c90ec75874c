# wrong: mlp_gradients: central differences of the loss instead of the chain rule
import numpy as np


def mlp_loss(X, y, W1, b1, W2, b2):
    hidden = np.tanh(X @ W1 + b1)
    y_hat = hidden @ W2 + b2
    return float(np.mean((y_hat - y) ** 2))


def mlp_gradients(X, y, W1, b1, W2, b2):
    def loss(W1, b1, W2, b2):
        return np.mean((np.tanh(X @ W1 + b1) @ W2 + b2 - y) ** 2)

    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    grads = {}
    for name, param in params.items():
        grads[name] = np.zeros_like(param)
        for i in np.ndindex(param.shape):
            up, down = param.copy(), param.copy()
            up[i] += 1e-5
            down[i] -= 1e-5
            rise = loss(**{**params, name: up}) - loss(**{**params, name: down})
            grads[name][i] = rise / 2e-5
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
