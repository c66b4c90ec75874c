# wrong: ddim_step: writes 0 into t_previous where it is -1
import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    betas = torch.linspace(first, last, steps, dtype=torch.float64)
    return torch.cumprod(1 - betas, dim=0)


def _at(alpha_bar, t, x):
    a = alpha_bar.to(torch.float64)[t]
    return a.reshape(-1, *[1] * (x.dim() - 1))


def add_noise(x0, t, noise, alpha_bar):
    a = _at(alpha_bar, t, x0)
    return a.sqrt().to(x0.dtype) * x0 + (1 - a).sqrt().to(x0.dtype) * noise


def predict_x0(x_t, t, noise, alpha_bar):
    a = _at(alpha_bar, t, x_t)
    return (x_t - (1 - a).sqrt().to(x_t.dtype) * noise) / a.sqrt().to(x_t.dtype)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    x0 = predict_x0(x_t, t, noise, alpha_bar)
    padded = torch.cat([alpha_bar.to(torch.float64), torch.ones(1, dtype=torch.float64)])
    a = _at(padded, t_previous, x_t)
    t_previous.clamp_(min=0)
    return a.sqrt().to(x_t.dtype) * x0 + (1 - a).sqrt().to(x_t.dtype) * noise


def guided_noise(conditional, unconditional, scale):
    return unconditional + scale * (conditional - unconditional)
