# right: entry by entry in plain Python
import math

import numpy as np


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    return adamw_step(param, grad, m, v, t, lr, beta1, beta2, eps, weight_decay=0)


def adamw_step(
    param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    new_param, new_m, new_v = np.empty(param.shape), np.empty(m.shape), np.empty(v.shape)
    for i in np.ndindex(param.shape):
        first = beta1 * float(m[i]) + (1 - beta1) * float(grad[i])
        second = beta2 * float(v[i]) + (1 - beta2) * float(grad[i]) ** 2
        step = (first / (1 - math.pow(beta1, t))) / (
            math.sqrt(second / (1 - math.pow(beta2, t))) + eps
        )
        new_param[i] = param[i] - lr * (step + weight_decay * param[i])
        new_m[i], new_v[i] = first, second
    return new_param, new_m, new_v


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    path = np.zeros((steps + 1,) + x0.shape)
    path[0] = x0
    m = v = np.zeros(x0.shape)
    for t in range(steps):
        path[t + 1], m, v = adam_step(path[t], grad_fn(path[t]), m, v, t + 1, lr)
    return path
