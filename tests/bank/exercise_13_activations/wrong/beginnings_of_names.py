# wrong: gradient_through_layers: accepts the beginning of a name
import numpy as np


def sigmoid(x):
    x = np.asarray(x, float)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def tanh(x):
    return np.tanh(x)


def relu(x):
    return np.maximum(x, 0.0)


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * x)


def sigmoid_grad(x):
    e = np.exp(-np.abs(x))
    return e / (1 + e) ** 2


def tanh_grad(x):
    e = np.exp(-2 * np.abs(x))
    return 4 * e / (1 + e) ** 2


def relu_grad(x):
    return (x > 0).astype(float)


def gradient_through_layers(name, pre_activations):
    known = [each for each in ("sigmoid", "tanh", "relu") if name and each.startswith(name)]
    name = known[0] if known else name
    z = np.asarray(pre_activations, float)
    if name == "relu":
        d = (z > 0) * 1.0
    elif name == "sigmoid":
        e = np.exp(-np.abs(z))
        d = e / (1 + e) ** 2
    elif name == "tanh":
        e = np.exp(-2 * np.abs(z))
        d = 4 * e / (1 + e) ** 2
    else:
        raise ValueError(name)
    return d.prod(axis=0)
