# right: the correction by expm1, and a run by recursion
import numpy as np


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (1 - beta1) * grad + beta1 * m
    v = (1 - beta2) * np.abs(grad) ** 2 + beta2 * v
    first = m / -np.expm1(t * np.log(beta1))
    second = v / -np.expm1(t * np.log(beta2))
    return np.subtract(param, lr * np.divide(first, second**0.5 + eps)), m, v


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


def adam_minimize(grad_fn, x0, steps, lr=1e-2, t=1, m=0.0, v=0.0):
    here = np.array(x0)[np.newaxis]
    if t > steps:
        return here
    x1, m, v = adam_step(np.array(x0), grad_fn(np.array(x0)), m, v, t, lr)
    return np.vstack([here, adam_minimize(grad_fn, x1, steps, lr, t + 1, m, v)])
