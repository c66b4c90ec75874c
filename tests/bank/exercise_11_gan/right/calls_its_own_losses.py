# right: the step calls the two losses; the generator runs under no_grad for the first half

from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    return nn.functional.softplus(-real_logits).mean() + nn.functional.softplus(fake_logits).mean()


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    return nn.functional.softplus(-fake_logits).mean()


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    with torch.no_grad():
        fake = generator(noise)
    loss_d = discriminator_loss(discriminator(real), discriminator(fake))
    d_optimizer.zero_grad(set_to_none=False)
    loss_d.backward()
    d_optimizer.step()

    loss_g = generator_loss(discriminator(generator(noise)))
    g_optimizer.zero_grad(set_to_none=False)
    loss_g.backward()
    g_optimizer.step()
    return dict(g_loss=float(loss_g.detach()), d_loss=float(loss_d.detach()), fake=len(fake))
