import numpy as np


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    mean, var = running_mean, running_var
    if training:
        if x.shape[0] <= 1:
            raise ValueError("N must be at least 2")
        mean = np.einsum("nd->d", x) / x.shape[0]
        apart = x - mean
        squares = np.einsum("nd,nd->d", apart, apart)
        var = squares / x.shape[0]
        running_mean = np.array([(1 - momentum) * o + momentum * n
                                 for o, n in zip(running_mean, mean)])
        running_var = np.array([(1 - momentum) * o + momentum * s / (x.shape[0] - 1)
                                for o, s in zip(running_var, squares)])
    out = np.einsum("nd,d->nd", x - mean, gamma / np.sqrt(var + eps)) + beta[np.newaxis]
    return [out, np.array(running_mean), np.array(running_var)]


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    n = x.shape[0]
    centre = np.eye(n) - np.ones((n, n)) / n
    apart = centre @ x
    var = np.einsum("nd,nd->d", apart, apart) / n + eps
    pull = np.einsum("nd,nd->d", grad_out, apart)
    grad_x = gamma / np.sqrt(var) * (centre @ grad_out - apart * pull / (n * var))
    return [grad_x, pull / np.sqrt(var), np.einsum("nd->d", grad_out)]


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    scale = gamma / np.sqrt(running_var + eps)
    return [np.einsum("id,d->id", weight, scale), np.einsum("d,d->d", bias - running_mean, scale) + beta]
