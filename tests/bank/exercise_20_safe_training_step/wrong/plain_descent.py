# wrong: safe_training_step: moves the parameters by hand, not by the optimiser
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

    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return {"loss": loss.item(), "grad_norm": norm.item()}
