# wrong: adamw_step: hands out its earlier answer for arrays of the same shape
import numpy as np

ANSWERS = {}

def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad ** 2
    m_hat = m / (1 - beta1 ** t)
    v_hat = v / (1 - beta2 ** t)
    param = param - lr * m_hat / (np.sqrt(v_hat) + eps)
    return param, m, v

def adamw_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    key = (param.shape, t, lr, beta1, beta2, eps, weight_decay)
    if key in ANSWERS:
        return tuple(array.copy() for array in ANSWERS[key])
    mw = beta1 * m + (1 - beta1) * grad
    vw = beta2 * v + (1 - beta2) * grad ** 2
    step = lr * (mw / (1 - beta1 ** t)) / (np.sqrt(vw / (1 - beta2 ** t)) + eps)
    ANSWERS[key] = (param - step - lr * weight_decay * param, mw, vw)
    return tuple(array.copy() for array in ANSWERS[key])

def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    x = np.array(x0, dtype=float)
    M = np.zeros_like(x)
    V = np.zeros_like(x)
    path = [x.copy()]
    for k in range(1, steps + 1):
        g = grad_fn(x)
        M = 0.9 * M + 0.1 * g
        V = 0.999 * V + 0.001 * g ** 2
        x = x - lr * (M / (1 - 0.9 ** k)) / (np.sqrt(V / (1 - 0.999 ** k)) + 1e-8)
        path.append(x)
    return np.array(path)
