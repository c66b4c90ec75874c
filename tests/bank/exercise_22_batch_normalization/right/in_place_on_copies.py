import numpy as np


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    out = np.copy(x)
    running_mean, running_var = np.copy(running_mean), np.copy(running_var)
    if training:
        if out.shape[0] < 2:
            raise ValueError(f"cannot train on {out.shape[0]} sample")
        mean = out.mean(axis=0)
        out -= mean
        var = (out * out).mean(axis=0)
        running_mean *= 1 - momentum
        running_mean += momentum * mean
        running_var *= 1 - momentum
        running_var += momentum * var * (len(out) / (len(out) - 1))
    else:
        out -= running_mean
        var = running_var
    out /= np.sqrt(var + eps)
    out *= gamma
    out += beta
    return out, running_mean, running_var


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    x_hat = x - np.mean(x, axis=0, keepdims=True)
    std = np.sqrt(np.mean(np.square(x_hat), axis=0, keepdims=True) + eps)
    x_hat /= std
    grad_x = grad_out * gamma
    grad_x -= grad_x.mean(axis=0) + x_hat * (grad_x * x_hat).mean(axis=0)
    grad_x /= std
    return grad_x, np.sum(grad_out * x_hat, axis=0), np.sum(grad_out, axis=0)


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    std = np.sqrt(running_var + eps)
    weight, bias = weight.copy(), bias.copy()
    weight *= gamma
    weight /= std
    bias -= running_mean
    bias *= gamma / std
    bias += beta
    return weight, bias
