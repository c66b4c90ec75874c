# wrong: adam_minimize: takes no step where the gradient is zero
import numpy as np

def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad ** 2
    m_hat = m / (1 - beta1 ** t)
    v_hat = v / (1 - beta2 ** t)
    param = param - lr * m_hat / (np.sqrt(v_hat) + eps)
    return param, m, v

def adamw_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    mw = beta1 * m + (1 - beta1) * grad
    vw = beta2 * v + (1 - beta2) * grad ** 2
    step = lr * (mw / (1 - beta1 ** t)) / (np.sqrt(vw / (1 - beta2 ** t)) + eps)
    return param - step - lr * weight_decay * param, mw, vw

def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    x = np.array(x0, dtype=float)
    M = np.zeros_like(x)
    V = np.zeros_like(x)
    path = [x.copy()]
    for k in range(1, steps + 1):
        g = grad_fn(x)
        if not np.any(g): path.append(x); continue
        M = 0.9 * M + 0.1 * g
        V = 0.999 * V + 0.001 * g ** 2
        x = x - lr * (M / (1 - 0.9 ** k)) / (np.sqrt(V / (1 - 0.999 ** k)) + 1e-8)
        path.append(x)
    return np.array(path)
