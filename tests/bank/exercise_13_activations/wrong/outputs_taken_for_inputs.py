# wrong: gradient_through_layers: treats the pre-activations as outputs
import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def tanh(x):
    return np.tanh(x)


def relu(x):
    return np.maximum(0, x)


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * x)


def sigmoid_grad(x):
    s = 0.5 * (1 + np.tanh(0.5 * x))
    return s * (1 - s)


def tanh_grad(x):
    return 1 - np.tanh(x) ** 2


def relu_grad(x):
    return np.where(x > 0, 1.0, 0.0)


def gradient_through_layers(name, pre_activations):
    if name == "sigmoid":
        slopes = pre_activations * (1 - pre_activations)
    elif name == "tanh":
        slopes = 1 - pre_activations ** 2
    elif name == "relu":
        slopes = np.where(pre_activations > 0, 1.0, 0.0)
    else:
        raise ValueError(f"unknown activation: {name}")
    return slopes.prod(axis=0)
