"""A training step that one bad batch cannot ruin.

A NaN is contagious: it enters through one sample, one log(0) or one overflow, and the first
optimiser step that sees it writes it into every parameter, from where no later batch gets it
out again. So the step asks twice. The loss can be non-finite while every gradient is finite
(a constant log(0) in it), and a gradient can be non-finite under a perfectly good loss: the
square root has slope infinity at zero. Looking at the loss alone misses the second kind, and
clipping does not repair it: the common factor is max_norm / NaN, so one bad gradient turns
all of them into NaN. The norm before clipping is the cheapest complete test, because it is
finite exactly when all entries are (short of overflow), and it is what I log anyway.

Skipping means more than not calling step(). BatchNorm updates its running statistics in the
forward pass, long before anybody knows the loss; 0.9 * old + 0.1 * NaN is NaN, and an
exponential average never forgets it: training goes on looking healthy, as train mode uses
batch statistics, and evaluation answers NaN. Buffers are therefore saved before the forward
pass and copied back. Nor is stepping with zeroed gradients a skip: Adam still moves by its
momentum, ages its moments and decays the weights.

Two small things complete it. squeeze(1) drops the class axis only, where squeeze() would also
drop the batch axis of a single sample. And model.zero_grad() clears what the optimiser does
not own too, else old gradients of a frozen-out part would be counted in the global norm.
The follow-up is mixed precision: GradScaler skips on non-finite gradients as well, but one
has to unscale_ before clipping, and it does not put BatchNorm back.
"""

import math

import torch
from torch import Tensor, nn


def safe_training_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
    max_norm: float = 1.0,
) -> dict[str, float]:
    """One clipped update, or none at all where loss or gradient norm is not finite."""
    model.train()
    # Not optimizer.zero_grad(): the norm below runs over the model's parameters, and the
    # optimiser may own only some of them.
    model.zero_grad()
    # The forward pass updates BatchNorm before the loss is known. clone(), as buffers()
    # hands out the live tensors.
    statistics = [(buffer, buffer.clone()) for buffer in model.buffers()]

    logits = model(X).squeeze(1)                            # (N, 1) -> (N,), for N = 1 too
    loss = criterion(logits, y)                             # ()
    loss.backward()
    # One norm over all parameters together keeps the direction of the update; what comes
    # back is the norm from before the clipping.
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)

    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        with torch.no_grad():
            for buffer, before in statistics:
                buffer.copy_(before)
        # The gradients are NaN by now, and whoever accumulates next would inherit them.
        model.zero_grad()
        # No step(): even with zero gradients Adam would move, and its state would age.
        return {"loss": math.nan, "grad_norm": math.nan}

    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
