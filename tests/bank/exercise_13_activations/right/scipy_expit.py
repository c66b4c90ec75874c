# right: scipy's expit, and tanh and its slope by way of the sigmoid
import numpy as np
from scipy.special import expit


def sigmoid(x):
    return expit(x)


def tanh(x):
    with np.errstate(over="ignore"):
        return 2 * expit(2 * x) - 1


def relu(x):
    return (x + np.abs(x)) / 2


def leaky_relu(x, negative_slope=0.01):
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def sigmoid_grad(x):
    return expit(x) * expit(-x)


def tanh_grad(x):
    with np.errstate(over="ignore"):
        return 4 * sigmoid_grad(2 * x)


def relu_grad(x):
    return np.heaviside(x, 0)


def gradient_through_layers(name, pre_activations):
    if name not in ("sigmoid", "tanh", "relu"):
        raise ValueError("name must be sigmoid, tanh or relu")
    return np.multiply.reduce(globals()[f"{name}_grad"](pre_activations))
