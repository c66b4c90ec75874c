# wrong: layer_norm: uses eps as the least variance
import numpy as np


def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    x_hat = (x - mean) / np.sqrt(np.maximum(var, eps))
    return x_hat * gamma + beta


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    mu = x.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normed = (x - mu) / sigma
    g = grad_out * gamma
    mean_g = g.mean(axis=-1, keepdims=True)
    mean_gx = (g * normed).mean(axis=-1, keepdims=True)
    grad_x = (g - mean_g - normed * mean_gx) / sigma
    grad_gamma = (grad_out * normed).reshape(-1, D).sum(axis=0)
    grad_beta = grad_out.reshape(-1, D).sum(axis=0)
    return grad_x, grad_gamma, grad_beta


def rms_norm(x, gamma, eps=1e-6):
    largest = np.abs(x).max(axis=-1, keepdims=True)
    scale = np.maximum(largest, 1.0)
    small = x / scale
    square = (small**2).mean(axis=-1, keepdims=True)
    return small / np.sqrt(square + eps / scale / scale) * gamma
