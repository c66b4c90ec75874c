# right: torch differentiates, in float64
import numpy as np
import torch


def mlp_loss(X, y, W1, b1, W2, b2):
    X, y, W1, b1, W2, b2 = map(torch.from_numpy, (X, y, W1, b1, W2, b2))
    return torch.nn.functional.mse_loss(torch.tanh(X @ W1 + b1) @ W2 + b2, y).item()


def mlp_gradients(X, y, W1, b1, W2, b2):
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    W1, b1, W2, b2 = (torch.from_numpy(p).clone().requires_grad_() for p in (W1, b1, W2, b2))
    torch.nn.functional.mse_loss(torch.tanh(X @ W1 + b1) @ W2 + b2, y).backward()
    return {name: p.grad.numpy() for name, p in zip(("W1", "b1", "W2", "b2"), (W1, b1, W2, b2))}


def numerical_gradient(f, x, eps=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus = x.copy()
        plus[index] += eps
        minus = x.copy()
        minus[index] -= eps
        grad[index] = (f(plus) - f(minus)) / (2 * eps)
    return grad
