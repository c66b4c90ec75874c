"""Exercise 11: one step of a GAN (torch).

Two networks, two optimisers, two losses, and one graph that runs through both: most answers
to this question train, and nearly all of them train something else than their author
thinks. The interviewer lets you write the step and then asks three things. Which
parameters have a gradient after the discriminator's update? Through which discriminator does
the generator learn, the old one or the new one? And why does nobody use the loss of the
original minimax game for it?

Networks and tensors are float32 or float64, all of a call of one type. No function changes the
tensors that it is given.
"""

from typing import Any

import torch
from torch import nn


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """Score a discriminator: real ought to be 1, fake ought to be 0.

    Args:
        real_logits: What the discriminator says of real data, logits (N, 1) of any finite size.
        fake_logits: What it says of generated data, logits (N, 1).
    Returns:
        A scalar tensor: the mean binary cross-entropy of the real logits against 1 plus that of
        the fake logits against 0. Finite for finite logits, differentiable, in their dtype.
    Example:
        >>> round(float(discriminator_loss(torch.zeros(2, 1), torch.zeros(2, 1))), 4)
        1.3863
        >>> float(discriminator_loss(torch.tensor([[-1000.0]]), torch.tensor([[500.0]])))
        1500.0

    Source: Goodfellow et al., Generative Adversarial Nets, 2014, equation 1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_11: `discriminator_loss` is still a stub")


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """Score a generator by the non-saturating loss.

    Args:
        fake_logits: What the discriminator says of generated data, logits (N, 1) of any finite
            size.
    Returns:
        A scalar tensor, averaged over the batch: small where the discriminator is fooled, and
        with a gradient that does not vanish where it is not. Finite for finite logits.
    Example:
        >>> round(float(generator_loss(torch.zeros(3, 1))), 4)
        0.6931

    Source: Goodfellow et al., Generative Adversarial Nets, 2014, section 3.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_11: `generator_loss` is still a stub")


def gan_train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: torch.Tensor,
    noise: torch.Tensor,
    g_optimizer: torch.optim.Optimizer,
    d_optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    """Update the discriminator once, then the generator once.

    1. One update of the discriminator on `real` and `generator(noise)`. The generator's parameters
       do not move, and no gradient is computed for them.
    2. One update of the generator through the discriminator as it is now, on the same noise.
       The discriminator's parameters do not move.

    Afterwards both networks are in the mode in which they came, and every parameter's
    `requires_grad` is what it was.

    Args:
        generator: Turns noise into data. Neither network holds BatchNorm or dropout.
        discriminator: Turns data into logits (N, 1).
        real: Real data, N rows.
        noise: The generator's input, N rows.
        g_optimizer: Holds the generator's parameters.
        d_optimizer: Holds the discriminator's parameters.
    Returns:
        The floats "d_loss" and "g_loss": `discriminator_loss` and `generator_loss`, each as the
        value that its update was made from. Gradients left over from earlier work have no
        effect on either update.
    Example:
        >>> G, D = nn.Linear(2, 3), nn.Linear(3, 1)
        >>> _ = [nn.init.zeros_(p) for p in D.parameters()]
        >>> g_opt = torch.optim.SGD(G.parameters(), lr=0.0)
        >>> d_opt = torch.optim.SGD(D.parameters(), lr=0.0)
        >>> losses = gan_train_step(G, D, torch.ones(4, 3), torch.ones(4, 2), g_opt, d_opt)
        >>> round(float(losses["d_loss"]), 4), round(float(losses["g_loss"]), 4)
        (1.3863, 0.6931)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_11: `gan_train_step` is still a stub")
