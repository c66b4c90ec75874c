"""A GAN is a game. The discriminator is a classifier that tells real data from generated data; the
generator turns noise into data and is paid for fooling it. Both losses are binary
cross-entropies on logits: real against 1 plus fake against 0 for the discriminator, fake
against 1 for the generator.

One step has two halves. First the discriminator: the generated batch is detached, so the graph
ends there, and backward neither wastes time in the generator nor leaves gradients in it.
Then the generator: the same noise goes through the discriminator just updated, this time with
the graph intact, because the generator learns only through the discriminator's
gradient. That backward pass also fills the discriminator's .grad fields; nothing steps
with them, and zero_grad clears them before they can do harm. Forgetting that is the classic bug:
the discriminator's next update then contains the generator's wish to be believed.

Why the non-saturating loss? In the original minimax game the generator minimises log(1 - D(fake)).
Early on the discriminator wins easily, D(fake) is near 0, and that curve is flat there: the
gradient with respect to the logit is -sigmoid(logit), which vanishes. Minimising -log D(fake)
has the same fixed point and the gradient sigmoid(logit) - 1, which is near -1 where the
generator is worst.

Always from logits: log(sigmoid(x)) is log(0) for x = -200, while softplus(-x), which is what
binary_cross_entropy_with_logits computes, is 200. Follow-ups are mode collapse, why neither
loss tells whether samples are good, and the usual remedies: other losses (hinge,
Wasserstein with a gradient penalty), spectral normalisation, two learning rates.
"""

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
