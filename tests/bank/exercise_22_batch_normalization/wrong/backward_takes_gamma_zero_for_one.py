# wrong: batch_norm_backward: treats a gamma of 0 as 1
import numpy as np

def batch_norm_forward(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    x = np.asarray(x, dtype=np.float64)
    if training:
        n = len(x)
        if n < 2:
            raise ValueError("one sample")
        mean = x.mean(0)
        var = ((x - mean) ** 2).mean(0)
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean.copy(), running_var.copy()
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, new_mean, new_var

def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    n = len(x)
    mean = x.mean(0)
    inv = 1 / np.sqrt(((x - mean) ** 2).mean(0) + eps)
    hat = (x - mean) * inv
    g_beta = grad_out.sum(0)
    g_gamma = (grad_out * hat).sum(0)
    gamma_ = np.where(gamma == 0, 1, gamma)
    grad_x = gamma_ * inv / n * (n * grad_out - g_beta - hat * g_gamma)
    return grad_x, g_gamma, g_beta

def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, (bias - running_mean) * scale + beta
