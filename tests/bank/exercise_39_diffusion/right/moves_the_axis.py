import math

import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    if steps == 1:
        return torch.tensor([1 - first], dtype=torch.float64)
    slope = (last - first) / (steps - 1)
    logs = [math.log1p(-(first + slope * i)) for i in range(steps)]
    levels = [math.exp(math.fsum(logs[: i + 1])) for i in range(steps)]
    return torch.tensor(levels, dtype=torch.float64)


class Schedule:
    def __init__(self, alpha_bar, like):
        self.alpha_bar, self.dtype = alpha_bar, like.dtype

    def at(self, t):
        clean = t < 0
        level = torch.where(clean, 0, t)
        level = self.alpha_bar[level]
        angle = torch.where(clean, 0.0, torch.atan2((1 - level).sqrt(), level.sqrt()))
        return angle.cos().to(self.dtype), angle.sin().to(self.dtype)


def add_noise(x0, t, noise, alpha_bar):
    cos, sin = Schedule(alpha_bar, x0).at(t)
    return (x0.movedim(0, -1) * cos + noise.movedim(0, -1) * sin).movedim(-1, 0)


def predict_x0(x_t, t, noise, alpha_bar):
    cos, sin = Schedule(alpha_bar, x_t).at(t)
    return ((x_t.movedim(0, -1) - noise.movedim(0, -1) * sin) / cos).movedim(-1, 0)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    cos, sin = Schedule(alpha_bar, x_t).at(t_previous)
    data = predict_x0(x_t, t, noise, alpha_bar).movedim(0, -1)
    return (data * cos + noise.movedim(0, -1) * sin).movedim(-1, 0)


def guided_noise(conditional, unconditional, scale):
    if scale == 0:
        return unconditional
    if scale == 1:
        return conditional
    return unconditional - scale * (unconditional - conditional)
