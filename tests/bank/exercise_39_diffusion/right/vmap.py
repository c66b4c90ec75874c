import numpy as np
import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    levels = torch.ones(steps, dtype=torch.float64)
    for i, beta in enumerate(np.linspace(first, last, steps)):
        levels[i:] *= 1 - beta
    return levels


def add_noise(x0, t, noise, alpha_bar):
    def one(x, level, n):
        return level.sqrt() * x + (1 - level).sqrt() * n

    return torch.vmap(one)(x0, alpha_bar[t], noise).to(x0.dtype)


def predict_x0(x_t, t, noise, alpha_bar):
    def one(x, level, n):
        return (x - (1 - level).sqrt() * n) / level.sqrt()

    return torch.vmap(one)(x_t, alpha_bar[t], noise).to(x_t.dtype)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    then = alpha_bar[t_previous].clone()
    then[t_previous == -1] = 1
    level = then.reshape([len(then)] + [1] * (x_t.ndim - 1)).to(x_t.dtype)
    data = predict_x0(x_t, t, noise, alpha_bar)
    return torch.sqrt(level) * data + torch.sqrt(1 - level) * noise


def guided_noise(conditional, unconditional, scale):
    both = torch.cat([unconditional[None], conditional[None]])
    weights = torch.tensor([1 - scale, scale], dtype=both.dtype)
    return torch.tensordot(weights, both, dims=1)
