import numpy as np


def welford(x):
    mean, squares = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for count, row in enumerate(x, 1):
        step = row - mean
        mean = mean + step / count
        squares = squares + step * (row - mean)
    return mean, squares


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    count = len(x)
    if training:
        if count == 1:
            raise ValueError
        mean, squares = welford(x)
        var = squares / count
        running_mean = running_mean - momentum * (running_mean - mean)
        running_var = running_var - momentum * (running_var - squares / (count - 1))
    else:
        mean, var = running_mean, running_var
    # Columns as rows: what is returned lies in Fortran order.
    out = ((x.T - mean[:, None]) / np.sqrt(var + eps)[:, None] * gamma[:, None] + beta[:, None]).T
    return out, 1.0 * running_mean, 1.0 * running_var


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    mean, squares = welford(x)
    count = len(x)
    spread = squares / count + eps
    weighed = np.sum(grad_out * (x - mean), axis=0)
    grad_x = count * grad_out - grad_out.sum(axis=0) - (x - mean) / spread * weighed
    return grad_x * gamma / np.sqrt(spread) / count, weighed / np.sqrt(spread), grad_out.sum(axis=0)


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    whole = np.vstack([weight, bias - running_mean]) * (gamma / np.sqrt(running_var + eps))
    whole[-1] += beta
    return whole[:-1], whole[-1]
