# right: everything in place, but on copies; additional arguments with defaults
import numpy as np


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, amsgrad=False):
    param, m, v = param.copy(), m.copy(), v.copy()
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * np.multiply(grad, grad)
    denominator = v / (1 - beta2**t)
    np.sqrt(denominator, out=denominator)
    denominator += eps
    param -= lr / (1 - beta1**t) * m / denominator
    return param, m, v


def adamw_step(
    param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01,
    maximize=False,
):
    sign = -1.0 if maximize else 1.0
    param, m, v = np.array(param), np.array(m), np.array(v)
    param *= 1.0 - lr * weight_decay
    m[...] = beta1 * m + (1 - beta1) * sign * grad
    v[...] = beta2 * v + (1 - beta2) * (sign * grad) ** 2
    param -= lr * (m / (1 - beta1**t)) / (np.power(v / (1 - beta2**t), 0.5) + eps)
    return param, m, v


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
