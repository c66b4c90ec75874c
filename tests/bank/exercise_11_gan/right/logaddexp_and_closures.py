# right: logaddexp; closures handed to step; backward limited to some inputs

from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    zero = torch.zeros_like(real_logits)
    real = torch.logaddexp(zero, -real_logits)
    return real.mean() + torch.logaddexp(torch.zeros_like(fake_logits), fake_logits).mean()


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    return torch.logaddexp(torch.zeros_like(fake_logits), -fake_logits).mean()


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    def d_closure():
        d_optimizer.zero_grad()
        loss = discriminator_loss(discriminator(real), discriminator(generator(noise)))
        loss.backward(inputs=list(discriminator.parameters()))
        return loss

    def g_closure():
        g_optimizer.zero_grad()
        loss = generator_loss(discriminator(generator(noise)))
        loss.backward(inputs=list(generator.parameters()))
        return loss

    d_loss = d_optimizer.step(d_closure)
    g_loss = g_optimizer.step(g_closure)
    return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
