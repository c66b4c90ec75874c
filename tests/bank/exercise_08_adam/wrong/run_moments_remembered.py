# wrong: adam_minimize: moments and t go on from the run before
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
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    update = m_hat / (np.sqrt(v_hat) + eps)
    param = param - lr * update - lr * weight_decay * param
    return param, m, v


class _Adam:
    m = v = t = 0


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    if np.shape(_Adam.m) != x0.shape:
        _Adam.m, _Adam.v, _Adam.t = np.zeros_like(x0), np.zeros_like(x0), 0
    x = x0.copy()
    path = [x]
    for _ in range(steps):
        _Adam.t += 1
        g = grad_fn(x)
        _Adam.m = 0.9 * _Adam.m + 0.1 * g
        _Adam.v = 0.999 * _Adam.v + 0.001 * g**2
        m_hat = _Adam.m / (1 - 0.9**_Adam.t)
        v_hat = _Adam.v / (1 - 0.999**_Adam.t)
        x = x - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        path.append(x)
    return np.array(path)
