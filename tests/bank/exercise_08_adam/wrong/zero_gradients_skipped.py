# wrong: adam_step: leaves entries alone whose gradient is zero now, although their moments are not
import numpy as np


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    new = param - lr * m_hat / (np.sqrt(v_hat) + eps)
    return np.where(grad == 0, param, new), m, v


def adamw_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    wm = beta1 * m + (1 - beta1) * grad
    wv = beta2 * v + (1 - beta2) * grad * grad
    wm_hat = wm / (1 - beta1**t)
    wv_hat = wv / (1 - beta2**t)
    wnew = param - lr * wm_hat / (np.sqrt(wv_hat) + eps) - lr * weight_decay * param
    return wnew, wm, wv


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    x = np.array(x0, dtype=np.float64)
    pm = np.zeros(x.shape)
    pv = np.zeros(x.shape)
    path = [x]
    for k in range(1, steps + 1):
        gr = grad_fn(x)
        pm = 0.9 * pm + (1 - 0.9) * gr
        pv = 0.999 * pv + (1 - 0.999) * gr * gr
        x = x - lr * (pm / (1 - 0.9**k)) / (np.sqrt(pv / (1 - 0.999**k)) + 1e-8)
        path.append(x)
    return np.stack(path)
