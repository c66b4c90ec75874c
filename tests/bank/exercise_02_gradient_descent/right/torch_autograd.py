# right: torch's autograd and mse_loss, in float64
import numpy as np
import torch
from torch.nn.functional import mse_loss


def mse_gradient(w, X, y):
    w = torch.tensor(w, requires_grad=True)
    loss = torch.mean((torch.tensor(X) @ w - torch.tensor(y)) ** 2)
    (gradient,) = torch.autograd.grad(loss, w)
    return gradient.numpy()


def _train(X, y, lr, batches):
    X, y = torch.tensor(X), torch.tensor(y)
    w = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    path = [w.detach().numpy().copy()]
    for batch in batches:
        batch = torch.as_tensor(batch)
        w.grad = None
        mse_loss(X[batch] @ w, y[batch]).backward()
        with torch.no_grad():
            w -= lr * w.grad
        path.append(w.detach().numpy().copy())
    return np.stack(path)


def batch_gradient_descent(X, y, lr, epochs):
    return _train(X, y, lr, [np.arange(len(y))] * epochs)


def stochastic_gradient_descent(X, y, lr, epochs, rng):
    orders = [rng.permutation(len(y)) for _ in range(epochs)]
    return _train(X, y, lr, [order[i : i + 1] for order in orders for i in range(len(y))])


def minibatch_gradient_descent(X, y, lr, epochs, batch_size, rng):
    batches = []
    for _ in range(epochs):
        batches += torch.as_tensor(rng.permutation(len(y))).split(batch_size)
    return _train(X, y, lr, batches)
