# right: gradients by torch.autograd.grad; logsigmoid; no backward anywhere

from typing import Any

import torch
from torch import nn


def _against(logits: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy of all logits against one label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    logs = nn.functional.logsigmoid
    return -(logs(real_logits).mean() + logs(-fake_logits).mean())


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    return nn.functional.logsigmoid(fake_logits).mean().neg()


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    losses = {}
    for key, model, optimizer in (
        ("d_loss", discriminator, d_optimizer),
        ("g_loss", generator, g_optimizer),
    ):
        fake_logits = discriminator(generator(noise))
        if key == "d_loss":
            loss = discriminator_loss(discriminator(real), fake_logits)
        else:
            loss = generator_loss(fake_logits)
        parameters = list(model.parameters())
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            parameter.grad = gradient
        optimizer.step()
        losses[key] = loss.item()
    return losses
