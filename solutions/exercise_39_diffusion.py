"""A diffusion model is trained by one line: mix data with noise, ask for the noise. The mixture is
`sqrt(alpha_bar) * x0 + sqrt(1 - alpha_bar) * noise`: the squares of the two factors add up to one,
so data of unit variance keep it at every noise level. alpha_bar is the running product of
`1 - beta`, so no loop over steps is needed to reach step t.

Each sample of a batch has its own timestep, so I look up N numbers and give them as many axes of
length one as the data have further axes. Without them the numbers would line up with the last axis:
an error at best, a silently wrong mixture at worst. I also bring them into the type of the data,
or a float64 schedule would turn a float32 model's input into float64.

Who knows x_t and the noise knows x0: solve the same equation. A DDIM step is both lines in a row:
predict x0, then mix it anew with the same noise at another level. It is deterministic, may
jump over any number of steps, and the levels may differ within a batch. Clean data has the level 1,
which stands in no table: index -1 would silently give the last, the noisiest one.

Guidance goes on along the line from the unconditional to the conditional prediction, past the
conditional one for scales above 1. In papers the scale may be counted from there: their w is this
scale less one.

Follow-ups: near alpha_bar 0 the prediction of x0 divides by almost nothing, so errors of the noise
explode; therefore the prediction of v, or a clipped x0. With more than zero noise put back each
step, DDIM becomes the ancestral sampler of DDPM, which needs many more steps.
"""

import torch
from torch import Tensor


def linear_alpha_bar(steps: int, first: float = 1e-4, last: float = 0.02) -> Tensor:
    """What is left of the data's variance after each step."""
    betas = torch.linspace(first, last, steps, dtype=torch.float64)     # (steps,)
    # In float64: a product of a thousand numbers near 1 keeps few digits in float32.
    return torch.cumprod(1 - betas, dim=0)                              # (steps,)


def add_noise(x0: Tensor, t: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Jump to step t at once."""
    return mixture(x0, noise, alpha_bar[t])


def mixture(x0: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Data and noise in the shares of `level` (N,)."""
    signal, spread = factors(level, x0)                                 # (N, 1, ..., 1) each
    return signal * x0 + spread * noise


def factors(level: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The factors of data and of noise, in the type of x and broadcast along its further axes."""
    # One axis for the samples, which are many or one, and as many more as x has.
    level = level.reshape(-1, *[1] * (x.ndim - 1))                      # (N, 1, ..., 1)
    # 1 - level comes before the rounding to float32, which would cost digits near 1.
    return level.sqrt().to(x.dtype), (1 - level).sqrt().to(x.dtype)


def predict_x0(x_t: Tensor, t: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Solve the mixture for the data."""
    signal, spread = factors(alpha_bar[t], x_t)
    return (x_t - spread * noise) / signal


def ddim_step(
    x_t: Tensor, t: Tensor, t_previous: Tensor, noise: Tensor, alpha_bar: Tensor
) -> Tensor:
    """Predict the data, and mix them with the same noise at another level."""
    # As an index, -1 means the last entry of the table, the noisiest one: it is replaced.
    level = torch.where(t_previous < 0, 1.0, alpha_bar[t_previous])     # (N,)
    return mixture(predict_x0(x_t, t, noise, alpha_bar), noise, level)


def guided_noise(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """From the unconditional prediction towards the conditional one, and on."""
    return unconditional + scale * (conditional - unconditional)
