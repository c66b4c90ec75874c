# right: torch's functions, and autograd for every derivative
import numpy as np
import torch


def _forward(function, x):
    return function(torch.tensor(np.array(x, dtype=np.float64))).numpy()


def _backward(function, x):
    x = torch.tensor(np.array(x, dtype=np.float64), requires_grad=True)
    function(x).sum().backward()
    return x.grad.numpy()


def sigmoid(x):
    return _forward(torch.sigmoid, x)


def tanh(x):
    return _forward(torch.tanh, x)


def relu(x):
    return _forward(torch.relu, x)


def leaky_relu(x, negative_slope=0.01):
    return _forward(lambda t: torch.nn.functional.leaky_relu(t, negative_slope), x)


def sigmoid_grad(x):
    return _backward(torch.sigmoid, x)


def tanh_grad(x):
    return _backward(torch.tanh, x)


def relu_grad(x):
    return _backward(torch.relu, x)


def gradient_through_layers(name, pre_activations):
    if name not in {"sigmoid", "tanh", "relu"}:
        raise ValueError(name)
    return np.prod(_backward(getattr(torch, name), pre_activations), axis=0)
