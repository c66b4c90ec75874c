import numpy as np


def moments(x):
    mean = x.mean(0)
    return mean, np.maximum((x**2).mean(0) - mean**2, 0.0)


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    if not training:
        scale = gamma / np.sqrt(running_var + eps)
        return x * scale + (beta - running_mean * scale), +running_mean, +running_var
    n = x.shape[0]
    if n == 1:
        raise ValueError
    mean, var = moments(x)
    out = (x - mean) * (var + eps) ** -0.5 * gamma + beta
    old = 1 - momentum
    return out, old * running_mean + momentum * mean, old * running_var + momentum * var * n / (n - 1)


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    # In the steps of the paper.
    n = len(x)
    mean, var = moments(x)
    apart, inv = x - mean, 1 / np.sqrt(var + eps)
    grad_hat = grad_out * gamma
    grad_var = (grad_hat * apart).sum(0) * -0.5 * inv**3
    grad_mean = -(grad_hat * inv).sum(0) - 2 * grad_var * apart.mean(0)
    grad_x = grad_hat * inv + grad_var * 2 * apart / n + grad_mean / n
    return grad_x, (grad_out * apart * inv).sum(0), grad_out.sum(0)


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    scale = np.diag(gamma / np.sqrt(running_var + eps))
    return weight @ scale, (bias - running_mean) @ scale + beta
