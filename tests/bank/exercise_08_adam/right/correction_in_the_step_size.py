# right: the corrections are moved into the step size and eps
import numpy as np


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    new_m = m + (1 - beta1) * (grad - m)
    new_v = v + (1 - beta2) * (grad * grad - v)
    root = np.sqrt(1 - beta2**t)
    step_size = lr * root / (1 - beta1**t)
    return param - step_size * new_m / (np.sqrt(new_v) + eps * root), new_m, new_v


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


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    path = np.repeat(x0[np.newaxis], steps + 1, axis=0)
    m, v = np.zeros((2, *x0.shape))
    power1 = power2 = 1.0
    for here, there in zip(path[:-1], path[1:]):
        g = grad_fn(here)
        m *= 0.9
        m += (1 - 0.9) * g
        v *= 0.999
        v += (1 - 0.999) * np.square(g)
        power1 *= 0.9
        power2 *= 0.999
        there[...] = here - lr * (m / (1 - power1)) / (np.sqrt(v / (1 - power2)) + 1e-8)
    return path
