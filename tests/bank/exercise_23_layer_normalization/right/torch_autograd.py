import numpy as np
import torch


def tensor(array):
    return torch.from_numpy(np.array(array, dtype=np.float64))


def layer_norm(x, gamma, beta, eps=1e-5):
    out = torch.nn.functional.layer_norm(
        tensor(x), (x.shape[-1],), tensor(gamma), tensor(beta), eps
    )
    return out.numpy()


def layer_norm_backward(grad_out, x, gamma, eps=1e-5):
    x, gamma = tensor(x).requires_grad_(), tensor(gamma).requires_grad_()
    beta = torch.zeros_like(gamma).requires_grad_()
    out = torch.nn.functional.layer_norm(x, gamma.shape, gamma, beta, eps)
    (out * tensor(grad_out)).sum().backward()
    return x.grad.numpy(), gamma.grad.numpy(), beta.grad.numpy()


def rms_norm(x, gamma, eps=1e-6):
    x, gamma = tensor(x), tensor(gamma)
    # A power of two divides exactly.
    _, exponent = torch.frexp(x.abs().amax(-1, keepdim=True))
    exponent = exponent.clamp(min=0)
    small = torch.ldexp(x, -exponent)
    tiny = torch.ldexp(torch.tensor(eps, dtype=torch.float64).sqrt(), -exponent)
    return (small / ((small**2).mean(-1, keepdim=True) + tiny**2).sqrt() * gamma).numpy()
