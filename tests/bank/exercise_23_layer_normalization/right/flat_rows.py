import numpy as np


def statistics(rows, eps):
    mean = np.average(rows, axis=1)[:, None]
    variance = np.average((rows - mean) ** 2, axis=1)[:, None]
    return (rows - mean), np.power(variance + eps, 0.5)


def layer_norm(x, gamma, beta, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    apart, sigma = statistics(rows, eps)
    return np.reshape(gamma * (apart / sigma) + beta, x.shape)


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    D = x.shape[-1]
    rows, upstream = x.reshape(-1, D), grad_out.reshape(-1, D)
    apart, sigma = statistics(rows, eps)
    normed = apart / sigma
    grad_normed = upstream * gamma
    grad_variance = np.sum(grad_normed * apart * -0.5 * sigma**-3, axis=1)[:, None]
    grad_mean = np.sum(-grad_normed / sigma, axis=1)[:, None]
    grad_mean = grad_mean + grad_variance * np.sum(-2 * apart, axis=1)[:, None] / D
    grad_rows = grad_normed / sigma + grad_variance * 2 * apart / D + grad_mean / D
    return [grad_rows.reshape(x.shape), (upstream * normed).sum(0), upstream.sum(0)]


def rms_norm(x, gamma, eps=1e-6):
    rows = x.reshape(-1, x.shape[-1])
    out = np.zeros_like(rows)
    for i, row in enumerate(rows):
        top = np.max(np.abs(row))
        if top > 1e100:
            # eps is nothing beside 1e200.
            out[i] = row / top / np.sqrt(np.mean((row / top) ** 2)) * gamma
        else:
            out[i] = row / np.sqrt(np.mean(row**2) + eps) * gamma
    return out.reshape(x.shape)
