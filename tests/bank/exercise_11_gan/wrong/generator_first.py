# wrong: gan_train_step: updates the generator first

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
    g_optimizer.zero_grad()
    g_loss = _against(discriminator(generator(noise)), 1.0)
    g_loss.backward()
    g_optimizer.step()

    fake = generator(noise)
    d_optimizer.zero_grad()
    d_loss = _against(discriminator(real), 1.0) + _against(discriminator(fake.detach()), 0.0)
    d_loss.backward()
    d_optimizer.step()

    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
