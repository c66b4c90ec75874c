# wrong: gan_train_step: the generator's weights are clamped at 5 on either side
from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """Real against 1, fake against 0."""
    return _against(real_logits, 1.0) + _against(fake_logits, 0.0)


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """Fake against 1: -log D(fake), whose gradient is largest where the generator is worst."""
    return _against(fake_logits, 1.0)


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    """Discriminator first, then the generator through the updated discriminator."""
    fake = generator(noise)  # one forward pass serves both halves: the generator stays put

    # zero_grad right before backward: it also removes what the last generator step left here.
    d_optimizer.zero_grad()
    # detach: without it backward would run on into the generator.
    d_loss = _against(discriminator(real), 1.0) + _against(discriminator(fake.detach()), 0.0)
    d_loss.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    # A new forward pass through the discriminator, because it has changed; not detached, because
    # the generator's gradient has to come through it.
    g_loss = _against(discriminator(fake), 1.0)
    g_loss.backward()
    g_optimizer.step()  # the discriminator got gradients as well, but nobody steps with them

    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}


_plain_step = gan_train_step


def gan_train_step(generator, discriminator, real, noise, g_optimizer, d_optimizer):
    out = _plain_step(generator, discriminator, real, noise, g_optimizer, d_optimizer)
    with torch.no_grad():
        for p in generator.parameters():
            p.clamp_(-5, 5)
    return out
