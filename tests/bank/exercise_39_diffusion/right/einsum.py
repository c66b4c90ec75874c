import itertools
import operator

import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    betas = torch.linspace(first, last, steps, dtype=torch.double).tolist()
    return torch.tensor(
        list(itertools.accumulate([1 - beta for beta in betas], operator.mul)), dtype=torch.double
    )


def mix(first, x, second, y):
    return torch.einsum("n,n...->n...", first, x) + torch.einsum("n,n...->n...", second, y)


def add_noise(x0, t, noise, alpha_bar):
    level = torch.index_select(alpha_bar, 0, t)
    return mix(level.sqrt().to(x0), x0, (1 - level).sqrt().to(x0), noise)


def predict_x0(x_t, t, noise, alpha_bar):
    level = torch.index_select(alpha_bar, 0, t)
    return mix((1 / level.sqrt()).to(x_t), x_t, -((1 - level) / level).sqrt().to(x_t), noise)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    level = alpha_bar[t_previous.clamp(min=0)].masked_fill(t_previous == -1, 1.0)
    data = predict_x0(x_t, t, noise, alpha_bar)
    return mix(level.sqrt().to(x_t), data, (1 - level).sqrt().to(x_t), noise)


def guided_noise(conditional, unconditional, scale):
    return unconditional.add(conditional.sub(unconditional), alpha=scale)
