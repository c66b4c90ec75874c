# right: one number at a time with math, in exact shapes
import math

import numpy as np


def _map(function, x):
    return np.array([function(value) for value in x.ravel().tolist()], dtype=float).reshape(x.shape)


def _sigmoid(value):
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def sigmoid(x):
    return _map(_sigmoid, x)


def tanh(x):
    return _map(math.tanh, x)


def relu(x):
    return _map(lambda value: max(value, 0.0), x)


def leaky_relu(x, negative_slope=0.01):
    return _map(lambda value: value if value >= 0 else value * negative_slope, x)


def sigmoid_grad(x):
    return _map(lambda value: _sigmoid(value) * _sigmoid(-value), x)


def tanh_grad(x):
    return _map(lambda value: (1 - math.tanh(value)) * (1 + math.tanh(value)), x)


def relu_grad(x):
    return _map(lambda value: float(value > 0), x)


def gradient_through_layers(name, pre_activations):
    gradients = {"sigmoid": sigmoid_grad, "tanh": tanh_grad, "relu": relu_grad}
    try:
        gradient = gradients[name]
    except KeyError:
        raise ValueError(name) from None
    return np.array([math.prod(unit) for unit in gradient(pre_activations).T.tolist()])
