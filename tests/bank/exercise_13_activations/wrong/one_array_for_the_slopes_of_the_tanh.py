# wrong: tanh_grad: gives back one array a shape, which the next call overwrites
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


BUFFERS = {}


def tanh_grad(x):
    e = np.exp(-2 * np.abs(x))
    out = BUFFERS.setdefault(np.shape(x), np.empty(np.shape(x)))
    out[...] = 4 * e / (1 + e) ** 2
    return out


def relu_grad(x):
    return (x > 0).astype(float)


def gradient_through_layers(name, pre_activations):
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
