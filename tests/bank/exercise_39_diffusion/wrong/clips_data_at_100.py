# wrong: predict_x0: clips the predicted data at 100
import torch


def _at(alpha_bar, t, x):
    full = torch.cat([alpha_bar, torch.ones(1, dtype=alpha_bar.dtype)])
    a = full[t].to(x.dtype)
    return a.reshape(-1, *[1] * (x.dim() - 1))


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    betas = torch.linspace(first, last, steps, dtype=torch.float64)
    return torch.cumprod(1 - betas, dim=0)


def add_noise(x0, t, noise, alpha_bar):
    a = _at(alpha_bar, t, x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * noise


def predict_x0(x_t, t, noise, alpha_bar):
    a = _at(alpha_bar, t, x_t)
    return ((x_t - (1 - a).sqrt() * noise) / a.sqrt()).clamp(-100, 100)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    b = _at(alpha_bar, t_previous, x_t)
    a = _at(alpha_bar, t, x_t)
    x0 = (x_t - (1 - a).sqrt() * noise) / a.sqrt()
    return b.sqrt() * x0 + (1 - b).sqrt() * noise


def guided_noise(conditional, unconditional, scale):
    return unconditional + scale * (conditional - unconditional)
