import numpy as np


def layer_norm(x, gamma, beta, eps=1e-5):
    D = x.shape[-1]
    apart = x - (np.einsum("...d->...", x) / D)[..., None]
    var = np.einsum("...d,...d->...", apart, apart) / D
    return np.einsum("...d,d,...->...d", apart, gamma, (var + eps) ** -0.5) + beta


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    apart = x - np.mean(x, axis=-1, keepdims=True)
    inverse = (np.einsum("...d,...d->...", apart, apart) / D + eps) ** -0.5
    hat = apart * inverse[..., None]
    # The Jacobian, written out: (..., D, D).
    outer = np.einsum("...i,...j->...ij", hat, hat)
    jacobian = (np.eye(D) - (1 + outer) / D) * inverse[..., None, None]
    grad_x = np.einsum("...j,j,...ij->...i", grad_out, gamma, jacobian)
    grad_gamma = np.einsum("nd,nd->d", grad_out.reshape(-1, D), hat.reshape(-1, D))
    return grad_x, grad_gamma, np.einsum("nd->d", grad_out.reshape(-1, D))


def rms_norm(x, gamma, eps=1e-6):
    wide = x.astype(np.longdouble)
    root = np.sqrt(np.mean(wide * wide, axis=-1, keepdims=True) + eps)
    return (wide / root).astype(np.float64) * gamma
