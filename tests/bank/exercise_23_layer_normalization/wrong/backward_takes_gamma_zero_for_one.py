# wrong: layer_norm_backward: treats a gamma of 0 as 1
import numpy as np

def layer_norm(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    var = (centred ** 2).mean(-1, keepdims=True)
    return centred / np.sqrt(var + eps) * gamma + beta

def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    centred = x - x.mean(-1, keepdims=True)
    inv = 1 / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps)
    hat = centred * inv
    g = grad_out * np.where(gamma == 0, 1, gamma)
    grad_x = inv * (g - g.mean(-1, keepdims=True) - hat * (g * hat).mean(-1, keepdims=True))
    return grad_x, (grad_out * hat).reshape(-1, D).sum(0), grad_out.reshape(-1, D).sum(0)

def rms_norm(x, gamma, eps=1e-6):
    big = np.maximum(np.abs(x).max(-1, keepdims=True), 1e-150)
    y = x / big
    return y / np.sqrt((y ** 2).mean(-1, keepdims=True) + eps / big / big) * gamma
