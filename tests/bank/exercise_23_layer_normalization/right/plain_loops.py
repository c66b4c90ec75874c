import math

import numpy as np


def layer_norm(x, gamma, beta, eps=1e-5):
    out = np.empty(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index].tolist()
        mean = sum(row) / len(row)
        var = sum((e - mean) ** 2 for e in row) / len(row)
        for j, e in enumerate(row):
            out[(*index, j)] = gamma[j] * (e - mean) / math.sqrt(var + eps) + beta[j]
    return out


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    grad_x, grad_gamma, grad_beta = np.zeros(x.shape), np.zeros(D), np.zeros(D)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index].tolist()
        mean = sum(row) / D
        deviation = math.sqrt(sum((e - mean) ** 2 for e in row) / D + eps)
        hat = [(e - mean) / deviation for e in row]
        for j in range(D):
            grad_gamma[j] += grad_out[index][j] * hat[j]
            grad_beta[j] += grad_out[index][j]
            for k in range(D):
                slope = ((j == k) - 1 / D - hat[j] * hat[k] / D) / deviation
                grad_x[(*index, j)] += grad_out[index][k] * gamma[k] * slope
    return grad_x, grad_gamma, grad_beta


def rms_norm(x, gamma, eps=1e-6):
    out = np.empty(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index].tolist()
        root = math.hypot(math.hypot(*row) / math.sqrt(len(row)), math.sqrt(eps))
        out[index] = [e / root * g for e, g in zip(row, gamma.tolist())]
    return out
