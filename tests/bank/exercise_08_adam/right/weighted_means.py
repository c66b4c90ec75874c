# right: a run from weighted means of all gradients, without moments
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


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    points, grads = [np.array(x0)], []
    for _ in range(steps):
        grads.append(np.array(grad_fn(points[-1].copy())))
        history = np.array(grads)
        ages = np.arange(len(grads) - 1, -1, -1)
        first = np.tensordot(0.9**ages, history, axes=1) / np.sum(0.9**ages)
        second = np.tensordot(0.999**ages, history**2, axes=1) / np.sum(0.999**ages)
        points.append(points[-1] - lr * first / (second**0.5 + 1e-8))
    return np.concatenate([point[np.newaxis] for point in points])
