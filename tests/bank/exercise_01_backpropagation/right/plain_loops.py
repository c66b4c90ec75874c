# right: every sum written out as a loop
import math

import numpy as np


def _forward(x, W1, b1, W2, b2):
    H, K = W2.shape
    hidden = [math.tanh(sum(x[d] * W1[d, h] for d in range(len(x))) + b1[h]) for h in range(H)]
    return hidden, [sum(hidden[h] * W2[h, k] for h in range(H)) + b2[k] for k in range(K)]


def mlp_loss(X, y, W1, b1, W2, b2):
    total = 0.0
    for x, target in zip(X, y):
        _, y_hat = _forward(x, W1, b1, W2, b2)
        for k in range(len(target)):
            total += (y_hat[k] - target[k]) ** 2
    return total / (y.shape[0] * y.shape[1])


def mlp_gradients(X, y, W1, b1, W2, b2):
    dW1, db1 = np.zeros(W1.shape), np.zeros(b1.shape)
    dW2, db2 = np.zeros(W2.shape), np.zeros(b2.shape)
    for x, target in zip(X, y):
        hidden, y_hat = _forward(x, W1, b1, W2, b2)
        for k in range(len(target)):
            error = 2 * (y_hat[k] - target[k]) / y.size
            db2[k] += error
            for h in range(len(hidden)):
                dW2[h, k] += error * hidden[h]
                back = error * W2[h, k] * (1 - hidden[h] * hidden[h])
                db1[h] += back
                for d in range(len(x)):
                    dW1[d, h] += back * x[d]
    return {"b2": db2, "W2": dW2, "b1": db1, "W1": dW1}


def numerical_gradient(f, x, eps=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus = x.copy()
        plus[index] += eps
        minus = x.copy()
        minus[index] -= eps
        grad[index] = (f(plus) - f(minus)) / (2 * eps)
    return grad
