import numpy as np


def layer_norm(x, gamma, beta, eps=1e-5):
    y = np.moveaxis(x, -1, 0)
    y = y - y.mean(axis=0)
    y = y / np.sqrt(y.var(axis=0) + eps)
    return np.ascontiguousarray(np.moveaxis(y, 0, -1)) * gamma + beta


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = len(gamma)
    y = np.moveaxis(x, -1, 0).reshape(D, -1)
    up = np.moveaxis(grad_out, -1, 0).reshape(D, -1)
    y = y - y.mean(axis=0)
    sd = np.sqrt((y**2).mean(axis=0) + eps)
    hat = y / sd
    inner = up * gamma[:, None]
    dx = (inner - inner.mean(0) - hat * (inner * hat).mean(0)) / sd
    return np.moveaxis(dx.reshape(D, *x.shape[:-1]), 0, -1), (up * hat).sum(1), up.sum(1)


def rms_norm(x, gamma, eps=1e-6):
    y = np.abs(x)
    top = np.where(y.max(axis=-1, keepdims=True) > 1e140, y.max(axis=-1, keepdims=True), 1.0)
    mean = np.mean((y / top) ** 2, axis=-1, keepdims=True)
    root = top * np.sqrt(mean + eps / top / top)
    return np.divide(x, root) * gamma
