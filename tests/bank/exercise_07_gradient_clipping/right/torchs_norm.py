# right: torch.nn.utils.clip_grad_norm_ on gradients that are scaled up first, and autograd
import numpy as np
import torch


def global_norm(grads):
    return torch.cat([torch.tensor(g).flatten() for g in grads]).norm().item()


def clip_by_global_norm(grads, max_norm):
    # Against torch's epsilon of 1e-6: what is clipped has a norm of 2**20 at least.
    scale = 2.0**20 / min(max_norm, 1.0)
    parameters = []
    for g in grads:
        parameter = torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64))
        parameter.grad = torch.tensor(g) * scale
        parameters.append(parameter)
    try:
        norm = torch.nn.utils.clip_grad_norm_(
            parameters, max_norm * scale, error_if_nonfinite=True
        )
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    return [(parameter.grad / scale).numpy() for parameter in parameters], norm.item() / scale


def bptt_gradient_norms(W_hh, grad_last, steps):
    W, last = torch.tensor(W_hh), torch.tensor(grad_last)
    h = torch.zeros(len(last), dtype=torch.float64, requires_grad=True)
    states = [h]
    for _ in range(steps):
        h = W @ h
        h.retain_grad()
        states.append(h)
    (h * last).sum().backward()
    return np.array([float(state.grad.norm()) for state in reversed(states)])
