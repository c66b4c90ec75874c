import numpy as np


class Norm:
    def __init__(self, x, eps):
        x = np.asarray(x, dtype=np.float64)
        centre = x.mean(-1)[..., np.newaxis]
        # A second pass takes away what rounding left of the mean.
        centre = centre + (x - centre).mean(-1)[..., np.newaxis]
        self.apart = x - centre
        self.sigma = np.sqrt(np.square(self.apart).mean(-1)[..., np.newaxis] + eps)

    @property
    def hat(self):
        return self.apart / self.sigma


def layer_norm(x, gamma, beta, eps=1e-5):
    return np.add(np.multiply(Norm(x, eps).hat, gamma), beta)


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    norm = Norm(x, eps)
    hat, D = norm.hat, x.shape[-1]
    g = np.multiply(grad_out, gamma)
    inner = D * g - g.sum(-1, keepdims=True) - hat * (g * hat).sum(-1, keepdims=True)
    grad_gamma, grad_beta = grad_out * hat, grad_out.copy()
    while grad_gamma.ndim > 1:
        grad_gamma, grad_beta = grad_gamma.sum(0), grad_beta.sum(0)
    return (inner / (D * norm.sigma), grad_gamma, grad_beta)


def rms_norm(x, gamma, eps=1e-6):
    with np.errstate(divide="ignore"):
        logs = 2 * np.log(np.abs(x))
    largest = np.maximum(logs.max(-1, keepdims=True), np.log(eps))
    mean = np.mean(np.exp(logs - largest), axis=-1, keepdims=True)
    log_root = 0.5 * (largest + np.log(mean + np.exp(np.log(eps) - largest)))
    return np.sign(x) * np.exp(np.log(np.abs(x) + (x == 0)) - log_root) * (x != 0) * gamma
