# right: an own tanh that never overflows, and list and recursion for the index
import numpy as np


def _tanh(z):
    e = np.exp(-2 * np.abs(z))
    return np.sign(z) * (1 - e) / (1 + e)


def mlp_loss(X, y, W1, b1, W2, b2):
    y_hat = _tanh(X @ W1 + b1) @ W2 + b2
    return np.mean(y_hat**2 - 2 * y_hat * y + y**2)


def mlp_gradients(X, y, W1, b1, W2, b2):
    hidden = _tanh(X.dot(W1) + b1)
    d_out = (2.0 / y.size) * (hidden.dot(W2) + b2 - y)
    d_pre = np.multiply(np.dot(d_out, W2.T), 1 - np.square(hidden))
    dW1 = np.sum([np.outer(x, d) for x, d in zip(X, d_pre)], axis=0)
    dW2 = np.sum([np.outer(h, d) for h, d in zip(hidden, d_out)], axis=0)
    return {"W1": dW1, "b1": sum(d_pre), "W2": dW2, "b2": sum(d_out)}


def numerical_gradient(f, x, eps=1e-5, _index=()):
    if len(_index) == x.ndim:
        high, low = np.array(x), np.array(x)
        high[_index] = x[_index] + eps
        low[_index] = x[_index] - eps
        return np.asarray((f(high) - f(low)) / (2 * eps))
    axis = len(_index)
    parts = [numerical_gradient(f, x, eps, (*_index, i)) for i in range(x.shape[axis])]
    return np.stack(parts)
