import numpy as np
import torch
import torch.nn.functional as F


def tensors(*arrays):
    return [torch.tensor(np.ascontiguousarray(array)) for array in arrays]


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    if training and x.shape[0] < 2:
        raise ValueError("more than one sample, please")
    x, gamma, beta, mean, var = tensors(x, gamma, beta, running_mean, running_var)
    out = F.batch_norm(x, mean, var, gamma, beta, bool(training), momentum, eps)
    return out.numpy(), mean.numpy(), var.numpy()


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    grad_out, x, gamma = tensors(grad_out, x, gamma)
    beta = torch.zeros_like(gamma).requires_grad_()
    x.requires_grad_()
    gamma.requires_grad_()
    out = F.batch_norm(x, None, None, gamma, beta, True, 0.0, eps)
    grads = torch.autograd.grad((out * grad_out).sum(), (x, gamma, beta))
    return tuple(grad.numpy() for grad in grads)


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    weight, bias, gamma, beta, mean, var = tensors(
        weight, bias, gamma, beta, running_mean, running_var
    )
    scale = gamma * torch.rsqrt(var + eps)
    return (weight * scale).numpy(), ((bias - mean) * scale + beta).numpy()
