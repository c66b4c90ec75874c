# right: boolean masks on copies, with an additional argument that has a default
import numpy as np


def sigmoid(x, slope=1.0):
    z = np.array(slope * x, dtype=np.float64)
    out = np.empty_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    weight = np.exp(z[~positive])
    out[~positive] = weight / (1 + weight)
    return out


def tanh(x):
    out = np.array(x, dtype=np.float64)
    weight = np.expm1(-2 * np.minimum(np.abs(out), 400.0))
    return -np.sign(out) * weight / (weight + 2)


def relu(x):
    out = x.copy()
    out[out < 0] = 0
    return out


def leaky_relu(x, negative_slope=0.01):
    out = x.copy()
    out[out < 0] *= negative_slope
    return out


def sigmoid_grad(x):
    out = sigmoid(x)
    out -= out * out
    return out


def tanh_grad(x):
    out = tanh(x)
    out *= -out
    out += 1
    return out


def relu_grad(x):
    out = np.zeros_like(x)
    out[x > 0] = 1
    return out


def gradient_through_layers(name, pre_activations):
    gradient = dict(sigmoid=sigmoid_grad, tanh=tanh_grad, relu=relu_grad).get(name)
    if gradient is None:
        raise ValueError(f"{name!r} is not known")
    out = np.ones(pre_activations.shape[1])
    for layer in pre_activations:
        out *= gradient(layer)
    return out
