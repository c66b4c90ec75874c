# wrong: safe_training_step: backs up model.state_dict() uncopied, so nothing is restored
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
    backup = model.state_dict()
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        model.load_state_dict(backup)
        model.zero_grad()
        return {"loss": math.nan, "grad_norm": math.nan}
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
