# right: requires_grad switched off for the resting network and back on; BCEWithLogitsLoss

from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    criterion = nn.BCEWithLogitsLoss()
    real = criterion(real_logits, real_logits.new_ones(real_logits.shape))
    fake = criterion(fake_logits, fake_logits.new_zeros(fake_logits.shape))
    return real + fake


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    return nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    def learn(model, optimizer, resting, loss_of):
        for parameter in resting.parameters():
            parameter.requires_grad_(False)
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        for parameter in resting.parameters():
            parameter.requires_grad_(True)
        return loss.item()

    d_loss = learn(
        discriminator, d_optimizer, generator,
        lambda: discriminator_loss(discriminator(real), discriminator(generator(noise))),
    )
    g_loss = learn(
        generator, g_optimizer, discriminator,
        lambda: generator_loss(discriminator(generator(noise))),
    )
    return {"d_loss": d_loss, "g_loss": g_loss}
