# wrong: safe_training_step: leaves NaN gradients in place after a skipped step
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
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        with torch.no_grad():
            for buffer, before in zip(model.buffers(), saved):
                buffer.copy_(before)
        return {"loss": math.nan, "grad_norm": math.nan}
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
