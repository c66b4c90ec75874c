# right: np.vectorize and piecewise; the product by recursion from the last layer
import math

import numpy as np


@np.vectorize
def sigmoid(x):
    return math.exp(-math.log1p(math.exp(-x))) if x > -40 else math.exp(x) if x > -700 else 0.0


def tanh(x):
    return np.vectorize(math.tanh, otypes=[np.float64])(x)


def relu(x):
    return np.piecewise(x, [x > 0], [lambda v: v, 0.0])


def leaky_relu(x, negative_slope=0.01):
    return np.select([x > 0, x <= 0], [x, x * negative_slope])


def sigmoid_grad(x):
    return np.exp(-np.logaddexp(0, x) - np.logaddexp(0, -x))


def tanh_grad(x):
    return 1 - np.square(np.tanh(x))


def relu_grad(x):
    return np.clip(np.sign(x), 0, 1)


def gradient_through_layers(name, pre_activations):
    if name == "sigmoid":
        own = sigmoid_grad
    elif name == "tanh":
        own = tanh_grad
    elif name == "relu":
        own = relu_grad
    else:
        raise ValueError("unknown activation")
    if len(pre_activations) == 1:
        return own(pre_activations[0])
    return own(pre_activations[-1]) * gradient_through_layers(name, pre_activations[:-1])
