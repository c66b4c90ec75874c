from decimal import Decimal

import numpy as np


def moments(row):
    mean = square = 0.0
    for n, entry in enumerate(row.tolist(), 1):
        step = entry - mean
        mean += step / n
        square += step * (entry - mean)
    return mean, square / len(row)


def layer_norm(x, gamma, beta, eps=1e-5):
    def one(row):
        mean, var = moments(row)
        return (row - mean) / np.sqrt(var + eps) * gamma + beta

    return np.apply_along_axis(one, -1, x)


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    gx, gg, gb = [], np.zeros(D), np.zeros(D)
    for row, up in zip(x.reshape(-1, D), grad_out.reshape(-1, D)):
        mean, var = moments(row)
        sd = (var + eps) ** 0.5
        hat = (row - mean) / sd
        J = (np.identity(D) - 1 / D - np.outer(hat, hat) / D) / sd
        gx.append(J.T @ (up * gamma))
        gg += up * hat
        gb += up
    return np.vstack(gx).reshape(x.shape), gg, gb


def rms_norm(x, gamma, eps=1e-6):
    out = []
    for row in x.reshape(-1, x.shape[-1]).tolist():
        square = sum(Decimal(e) ** 2 for e in row) / len(row) + Decimal(eps)
        out.append([float(Decimal(e) / square.sqrt()) for e in row])
    return np.array(out).reshape(x.shape) * gamma
