import numpy as np
import torch


def batch_norm_forward(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    if training and len(x) < 2:
        raise ValueError("a batch of one")
    mean, var = (np.mean(x, 0), np.var(x, 0)) if training else (running_mean, running_var)
    share = momentum if training else 0.0
    unbiased = np.cov(x, rowvar=False).reshape(x.shape[1], -1).diagonal() if training else 0.0
    return (
        beta + gamma * ((x - mean) / np.sqrt(eps + var)),
        running_mean * (1 - share) + share * mean,
        running_var * (1 - share) + share * unbiased,
    )


def batch_norm_backward(grad_out, x, gamma, eps=1e-5):
    x = torch.tensor(np.array(x), requires_grad=True)
    gamma = torch.tensor(np.array(gamma), requires_grad=True)
    beta = torch.zeros(len(gamma), dtype=torch.float64, requires_grad=True)
    var, mean = torch.var_mean(x, dim=0, unbiased=False)
    out = gamma * (x - mean) / torch.sqrt(var + eps) + beta
    out.backward(torch.tensor(np.array(grad_out)))
    return x.grad.numpy(), gamma.grad.numpy(), beta.grad.numpy()


def fold_batch_norm(weight, bias, gamma, beta, running_mean, running_var, eps=1e-5):
    def both(x):
        return gamma * (x @ weight + bias - running_mean) / np.sqrt(running_var + eps) + beta

    at_zero = both(np.zeros(len(weight)))
    return np.array([both(row) - at_zero for row in np.eye(len(weight))]), at_zero
