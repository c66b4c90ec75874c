# wrong: ddim_step: uses 0 as the level of clean data
import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    betas = torch.linspace(first, last, steps, dtype=torch.float64)
    return torch.cumprod(1 - betas, dim=0)


def add_noise(x0, t, noise, alpha_bar):
    level = alpha_bar[t].view(-1, *[1] * (x0.dim() - 1))
    signal, spread = level.sqrt().to(x0.dtype), (1 - level).sqrt().to(x0.dtype)
    return signal * x0 + spread * noise


def predict_x0(x_t, t, noise, alpha_bar):
    level = alpha_bar[t].view(-1, *[1] * (x_t.dim() - 1))
    x_signal, blur = level.sqrt().to(x_t.dtype), (1 - level).sqrt().to(x_t.dtype)
    return (x_t - blur * noise) / x_signal


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    shape = (-1, *[1] * (x_t.dim() - 1))
    now = alpha_bar[t].view(shape).double()
    then = torch.where(t_previous < 0, torch.zeros_like(alpha_bar[t]), alpha_bar[t_previous])
    then = then.view(shape).double()
    data = (x_t - (1 - now).sqrt() * noise) / now.sqrt()
    return (then.sqrt() * data + (1 - then).sqrt() * noise).to(x_t.dtype)


def guided_noise(conditional, unconditional, scale):
    return unconditional + scale * (conditional - unconditional)
