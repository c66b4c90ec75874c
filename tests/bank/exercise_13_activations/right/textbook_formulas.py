# right: the plain formulas, with an overflow that does no harm, and 1 / cosh squared
import numpy as np


def sigmoid(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def tanh(x):
    return np.sinh(np.clip(x, -20, 20)) / np.cosh(np.clip(x, -20, 20))


def relu(x):
    return x * (x > 0)


def leaky_relu(x, negative_slope=0.01):
    return np.maximum(x, 0.0) + np.minimum(negative_slope * x, 0.0)


def sigmoid_grad(x):
    with np.errstate(over="ignore"):
        return 0.25 / np.cosh(x / 2) ** 2


def tanh_grad(x):
    with np.errstate(over="ignore"):
        return 1 / np.cosh(x) ** 2


def relu_grad(x):
    return 1.0 * (x > 0)


def gradient_through_layers(name, pre_activations):
    match name:
        case "sigmoid":
            slopes = sigmoid_grad(pre_activations)
        case "tanh":
            slopes = tanh_grad(pre_activations)
        case "relu":
            slopes = relu_grad(pre_activations)
        case _:
            raise ValueError(name)
    return np.exp2(np.log2(np.maximum(slopes, 1e-200)).sum(axis=0)) * slopes.all(axis=0)
