import math

import numpy as np


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    N, D = x.shape
    if training and N == 1:
        raise ValueError("one sample has no spread")
    out = np.zeros((N, D))
    new_mean, new_var = np.array(running_mean), np.array(running_var)
    for j in range(D):
        if training:
            mean = sum(x[i, j] for i in range(N)) / N
            squares = sum((x[i, j] - mean) ** 2 for i in range(N))
            var = squares / N
            new_mean[j] += momentum * (mean - running_mean[j])
            new_var[j] += momentum * (squares / (N - 1) - running_var[j])
        else:
            mean, var = running_mean[j], running_var[j]
        for i in range(N):
            out[i, j] = (x[i, j] - mean) / math.sqrt(var + eps) * gamma[j] + beta[j]
    return out, new_mean, new_var


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    N, D = x.shape
    grad_x, grad_gamma, grad_beta = np.zeros((N, D)), np.zeros(D), np.zeros(D)
    for j in range(D):
        mean = sum(x[:, j]) / N
        root = math.sqrt(sum((x[:, j] - mean) ** 2) / N + eps)
        hat = (x[:, j] - mean) / root
        for i in range(N):
            grad_gamma[j] += grad_out[i, j] * hat[i]
            grad_beta[j] += grad_out[i, j]
        for i in range(N):
            for k in range(N):
                jacobian = (i == k) - 1 / N - hat[i] * hat[k] / N
                grad_x[i, j] += gamma[j] / root * jacobian * grad_out[k, j]
    return grad_x, grad_gamma, grad_beta


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    D_in, D = weight.shape
    new_weight, new_bias = np.zeros((D_in, D)), np.zeros(D)
    for j in range(D):
        root = math.sqrt(running_var[j] + eps)
        for i in range(D_in):
            new_weight[i, j] = weight[i, j] * gamma[j] / root
        new_bias[j] = beta[j] + gamma[j] * (bias[j] - running_mean[j]) / root
    return new_weight, new_bias
