import numpy as np


def layer_norm(x, gamma, beta, eps=1e-5):
    D = gamma.size
    first = x[..., :1]
    # The differences from the first entry, so that little is lost in the products.
    apart = (x - first) @ (np.eye(D) - 1 / D)
    norm = np.sqrt((apart * apart).sum(-1, keepdims=True) + D * eps)
    return np.sqrt(D) * apart / norm * gamma + beta


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = gamma.size
    centre = np.eye(D) - 1 / D
    apart = (x - x[..., :1]) @ centre
    sigma = np.sqrt((apart * apart).sum(-1, keepdims=True) / D + eps)
    hat = apart / sigma
    g = grad_out * gamma / sigma
    grad_x = (g - hat * (g * hat).sum(-1, keepdims=True) / D) @ centre
    axes = tuple(range(x.ndim - 1))
    return grad_x, np.sum(grad_out * hat, axis=axes), np.sum(grad_out, axis=axes) + 0.0


def rms_norm(x, gamma, eps=1e-6):
    root = np.hypot.reduce(x, axis=-1, keepdims=True) / np.sqrt(gamma.size)
    return x / np.hypot(root, np.sqrt(eps)) * gamma
