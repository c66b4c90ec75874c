# right: both moments in one array, betas as a vector, lerp form; AdamW by a shrunk parameter
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
    moments = np.stack([m, v])
    fresh = np.stack([grad, np.square(grad)])
    betas = np.array([beta1, beta2]).reshape(2, *[1] * np.ndim(grad))
    moments = fresh + betas * (moments - fresh)
    first, second = moments / (1 - betas**t)
    shrunk = (1 - lr * weight_decay) * param
    return shrunk - lr * first / (eps + second**0.5), moments[0], moments[1]


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    x = x0.copy()
    m = np.zeros_like(x)
    v = np.zeros_like(x)
    path = [x.copy()]
    for t in range(1, steps + 1):
        g = grad_fn(x)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat = m / (1 - 0.9**t)
        v_hat = v / (1 - 0.999**t)
        x = x - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        path.append(x.copy())
    return np.array(path)
