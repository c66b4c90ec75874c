import numpy as np


def forward(x, gamma, eps):
    apart = x - x.mean(-1)[..., None]
    return gamma * apart * ((apart * apart).mean(-1)[..., None] + eps) ** -0.5


def layer_norm(x, gamma, beta, eps=1e-5):
    return forward(x, gamma, eps) + beta


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    grad_x = np.empty(x.shape)
    for j in range(D):
        moved = x.astype(complex)
        moved[..., j] += 1e-25j
        grad_x[..., j] = (grad_out * forward(moved, gamma, eps)).sum(-1).imag / 1e-25
    hat = forward(x, np.ones(D), eps)
    grad_gamma = np.tensordot(grad_out * hat, np.ones(x.shape[:-1]), (range(x.ndim - 1),) * 2)
    grad_beta = np.tensordot(grad_out, np.ones(x.shape[:-1]), (range(x.ndim - 1),) * 2)
    return grad_x, np.array(grad_gamma), np.array(grad_beta)


def rms_norm(x, gamma, eps=1e-6):
    mantissa, exponent = np.frexp(x)
    top = np.maximum(exponent.max(-1, keepdims=True), -100)
    small = np.ldexp(mantissa, exponent - top)
    return gamma * small / np.sqrt(np.mean(small * small, -1, keepdims=True) + np.ldexp(eps, -2 * top))
