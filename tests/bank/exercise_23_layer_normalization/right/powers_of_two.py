import numpy as np
import torch
import torch.nn.functional as F


def layer_norm(x, gamma, beta, eps=1e-5):
    return np.array([F.layer_norm(torch.tensor(np.array(x)), gamma.shape, eps=eps).numpy() * gamma + beta])[0]


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    t = torch.tensor(np.array(x), requires_grad=True)
    g = torch.tensor(np.array(gamma), requires_grad=True)
    b = torch.zeros(len(gamma), dtype=torch.float64, requires_grad=True)
    c = t - t.mean(-1, keepdim=True)
    out = c * torch.rsqrt((c * c).mean(-1, keepdim=True) + eps) * g + b
    grads = torch.autograd.grad(out, (t, g, b), torch.tensor(np.array(grad_out)))
    return tuple(each.detach().numpy() for each in grads)


def rms_norm(x, gamma, eps=1e-6):
    top = np.max(np.abs(x), -1, keepdims=True)
    shift = 2.0 ** np.where(top > 1, np.floor(np.log2(np.where(top > 1, top, 1.0))), 0.0)
    y = x / shift
    return y * gamma / np.sqrt((y * y).mean(-1, keepdims=True) + (np.sqrt(eps) / shift) ** 2)
