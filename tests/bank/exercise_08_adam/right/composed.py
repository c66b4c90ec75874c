# right: AdamW and the run are built from adam_step; answers are lists
import numpy as np


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    param = param - lr * m_hat / (np.sqrt(v_hat) + eps)
    return param, m, v


def adamw_step(
    param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    shrunk = param * (1 - lr * weight_decay)
    return list(adam_step(shrunk, grad, m, v, t, lr, beta1, beta2, eps))


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    path, m, v = [x0], np.zeros_like(x0), np.zeros_like(x0)
    for t in range(1, steps + 1):
        point, m, v = adam_step(path[-1], grad_fn(path[-1]), m, v, t, lr=lr)
        path.append(point)
    return np.stack(path)
