import torch
from torch.nn import functional as F


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    place = torch.arange(steps, dtype=torch.float64) / max(steps - 1, 1)
    return torch.log1p(-(first * (1 - place) + last * place)).cumsum(0).exp()


def spread_out(values, x):
    for _ in range(x.dim() - 1):
        values = values.unsqueeze(-1)
    return values.to(x.dtype)


@torch.no_grad()
def add_noise(x0, t, noise, alpha_bar):
    level = alpha_bar.gather(0, t)
    return torch.addcmul(
        spread_out(level.sqrt(), x0) * x0, spread_out((1 - level).sqrt(), x0), noise
    )


@torch.no_grad()
def predict_x0(x_t, t, noise, alpha_bar):
    level = alpha_bar.gather(0, t)
    return spread_out(level.rsqrt(), x_t) * x_t - spread_out((1 / level - 1).sqrt(), x_t) * noise


@torch.no_grad()
def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    padded = F.pad(alpha_bar.double(), (1, 0), value=1.0)
    now, then = padded[t + 1], padded[t_previous + 1]
    keeps = (then / now).sqrt()
    adds = (1 - then).sqrt() - keeps * (1 - now).sqrt()
    return spread_out(keeps, x_t) * x_t + spread_out(adds, x_t) * noise


@torch.no_grad()
def guided_noise(conditional, unconditional, scale):
    return conditional + (scale - 1) * (conditional - unconditional)
