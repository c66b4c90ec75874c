import math

import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    product, levels = 1.0, []
    for i in range(steps):
        beta = first if steps == 1 else first + (last - first) * i / (steps - 1)
        product *= 1 - beta
        levels.append(product)
    return torch.tensor(levels, dtype=torch.float64)


def add_noise(x0, t, noise, alpha_bar):
    out = torch.empty_like(x0)
    for n in range(len(x0)):
        level = alpha_bar[t[n]].item()
        out[n] = math.sqrt(level) * x0[n] + math.sqrt(1 - level) * noise[n]
    return out


def predict_x0(x_t, t, noise, alpha_bar):
    out = torch.empty_like(x_t)
    for n in range(len(x_t)):
        level = alpha_bar[t[n]].item()
        out[n] = (x_t[n] - math.sqrt(1 - level) * noise[n]) / math.sqrt(level)
    return out


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    x0 = predict_x0(x_t, t, noise, alpha_bar)
    for n in range(len(x0)):
        goal = int(t_previous[n])
        level = 1.0 if goal == -1 else alpha_bar[goal].item()
        x0[n] = math.sqrt(level) * x0[n] + math.sqrt(1 - level) * noise[n]
    return x0


def guided_noise(conditional, unconditional, scale):
    return (1 - scale) * unconditional + scale * conditional
