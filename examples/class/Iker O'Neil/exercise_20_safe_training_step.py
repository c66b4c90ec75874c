import copy
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
    model.zero_grad(set_to_none=False)
    backup = copy.deepcopy(model.state_dict())
    optimizer_backup = copy.deepcopy(optimizer.state_dict())
    loss = criterion(model(X).view(-1), y.view(-1))
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
    optimizer.step()
    result = {"loss": loss.item(), "grad_norm": float(norm)}
    if not all(math.isfinite(value) for value in result.values()):
        model.load_state_dict(backup)
        optimizer.load_state_dict(optimizer_backup)
        model.zero_grad(set_to_none=False)
        result = dict.fromkeys(result, math.nan)
    return result
