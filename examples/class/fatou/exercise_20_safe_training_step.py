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
    model.train()
    model.zero_grad()
    saved = [buffer.clone() for buffer in model.buffers()]
    try:
        loss = criterion(model(X), y.unsqueeze(1))
        if not loss.isfinite():
            raise RuntimeError("the loss is not finite")
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm, error_if_nonfinite=True)
    except RuntimeError:
        for buffer, before in zip(model.buffers(), saved):
            buffer.data = before
        model.zero_grad()
        return {"loss": math.nan, "grad_norm": math.nan}
    optimizer.step()
    return {"grad_norm": norm.item(), "loss": loss.item()}
