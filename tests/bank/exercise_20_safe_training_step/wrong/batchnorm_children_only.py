# wrong: safe_training_step: restores only BatchNorm layers that are direct children
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
    norms = [m for m in model.children() if isinstance(m, nn.BatchNorm1d)]
    saved = [{k: v.clone() for k, v in m.state_dict().items()} for m in norms]
    loss = criterion(model(X).squeeze(1), y)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        for module, state in zip(norms, saved):
            module.load_state_dict(state)
        model.zero_grad()
        return {"loss": math.nan, "grad_norm": math.nan}
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
