# right: real and fake in one forward pass; cross-entropy over two classes

from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    def two_classes(logits):
        return torch.cat([torch.zeros_like(logits), logits], dim=1)
    
    n, m = len(real_logits), len(fake_logits)
    ones = torch.ones(n, dtype=torch.long)
    zeros = torch.zeros(m, dtype=torch.long)
    real = nn.functional.cross_entropy(two_classes(real_logits), ones)
    return real + nn.functional.cross_entropy(two_classes(fake_logits), zeros)


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    pair = torch.cat([torch.zeros_like(fake_logits), fake_logits], dim=1)
    return -torch.log_softmax(pair, dim=1)[:, 1].mean()


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    generator.zero_grad()
    discriminator.zero_grad()
    fake = generator(noise)
    logits = discriminator(torch.cat([real, fake.detach()]))
    d_loss = discriminator_loss(logits[: len(real)], logits[len(real) :])
    d_loss.backward()
    d_optimizer.step()

    g_loss = generator_loss(discriminator(fake))
    g_loss.backward()
    g_optimizer.step()
    generator.zero_grad()
    discriminator.zero_grad()
    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
