# wrong: gradient_through_layers: accepts the names in capitals, too
import numpy as np


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))


def tanh(x):
    return np.tanh(x)


def relu(x):
    return np.maximum(x, 0.0)


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * x)


def sigmoid_grad(x):
    e = np.exp(-np.abs(x))
    return e / (1.0 + e) ** 2


def tanh_grad(x):
    return 1.0 - np.tanh(x) ** 2


def relu_grad(x):
    return (x > 0).astype(np.float64)


def gradient_through_layers(name, pre_activations):
    name = name.lower()
    z = pre_activations
    if name == "sigmoid":
        e = np.exp(-np.abs(z))
        d = e / (1.0 + e) ** 2
    elif name == "tanh":
        d = 1.0 - np.tanh(z) ** 2
    elif name == "relu":
        d = np.where(z > 0, 1.0, 0.0)
    else:
        raise ValueError(f"unknown activation {name!r}")
    return np.prod(d, axis=0)
