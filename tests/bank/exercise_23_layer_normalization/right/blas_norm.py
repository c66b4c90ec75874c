import numpy as np
from scipy.linalg import norm


def layer_norm(x, gamma, beta, eps=1e-5):
    y = x - np.median(x, axis=-1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    out = y / np.sqrt(np.square(y).sum(-1, keepdims=True) / y.shape[-1] + eps)
    out *= gamma
    out += beta
    return out


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    n = x.shape[-1]
    y = x - x.mean(axis=-1, keepdims=True)
    v = np.square(y).sum(-1, keepdims=True) / n + eps
    g = grad_out * gamma
    dy = g / np.sqrt(v) - y * (g * y).sum(-1, keepdims=True) / (n * v**1.5)
    dx = dy - dy.mean(-1, keepdims=True)
    lead = "abcdefg"[: x.ndim - 1]
    dgamma = np.einsum(f"{lead}z,{lead}z->z", grad_out, y / np.sqrt(v))
    return dx, dgamma, np.einsum(f"{lead}z->z", grad_out).copy()


def rms_norm(x, gamma, eps=1e-6):
    flat = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    norms = np.array([norm(row, check_finite=False) if len(row) > 1 else abs(row[0]) for row in flat])
    root = np.hypot(norms / np.sqrt(x.shape[-1]), eps**0.5)
    return (flat / root[:, None]).reshape(x.shape) * gamma
