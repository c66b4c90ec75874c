# right: the stable formula written out; a frozen copy of the discriminator for the generator

import copy
from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    def bce(x, y):
        return (x.clamp(min=0) - x * y + torch.log1p(torch.exp(-x.abs()))).mean()
    
    return bce(real_logits, 1.0) + bce(fake_logits, 0.0)


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    x = fake_logits
    return torch.mean(torch.relu(x) - x + torch.log1p(torch.exp(-torch.abs(x))))


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
    d_optimizer.zero_grad()
    real_part = nn.functional.softplus(-discriminator(real)).mean()
    fake_part = nn.functional.softplus(discriminator(fake)).mean()
    real_part.backward()
    fake_part.backward()
    d_optimizer.step()

    judge = copy.deepcopy(discriminator).requires_grad_(False)
    g_optimizer.zero_grad()
    g_loss = nn.functional.softplus(-judge(generator(noise))).mean()
    g_loss.backward()
    g_optimizer.step()
    return {"d_loss": real_part.item() + fake_part.item(), "g_loss": g_loss.item()}
