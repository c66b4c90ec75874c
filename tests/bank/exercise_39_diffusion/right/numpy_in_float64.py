import numpy as np
import torch


def columns(level, x):
    return level.reshape(level.shape + (1,) * (x.ndim - 1))


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    return torch.from_numpy(np.cumprod(1 - np.linspace(first, last, steps)))


def add_noise(x0, t, noise, alpha_bar):
    level = columns(alpha_bar.numpy().astype(float)[t.numpy()], x0)
    mixed = np.sqrt(level) * x0.numpy() + np.sqrt(1 - level) * noise.numpy()
    return torch.from_numpy(np.asarray(mixed)).to(x0.dtype)


def predict_x0(x_t, t, noise, alpha_bar):
    level = columns(alpha_bar.numpy().astype(float)[t.numpy()], x_t)
    data = (x_t.numpy() - np.sqrt(1 - level) * noise.numpy()) / np.sqrt(level)
    return torch.from_numpy(data).to(x_t.dtype)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    table = np.concatenate([[1.0], alpha_bar.numpy()])
    now, then = (columns(table[1 + step.numpy()], x_t) for step in (t, t_previous))
    data = (x_t.numpy() - np.sqrt(1 - now) * noise.numpy()) / np.sqrt(now)
    return torch.from_numpy(np.sqrt(then) * data + np.sqrt(1 - then) * noise.numpy()).to(x_t.dtype)


def guided_noise(conditional, unconditional, scale):
    return torch.lerp(unconditional, conditional, scale)
