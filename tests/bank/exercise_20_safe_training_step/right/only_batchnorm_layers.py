# right: saves the BatchNorm layers only, and squeezes with atleast_1d
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
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    saved = [{k: v.clone() for k, v in m.state_dict().items()} for m in norms]
    model.train(True)
    model.zero_grad()
    loss = criterion(torch.atleast_1d(model(X).squeeze()), y)
    value = loss.item()
    norm = math.nan
    if math.isfinite(value):
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm).item()
    if math.isfinite(norm):
        optimizer.step()
        return {"loss": value, "grad_norm": norm}
    for m, state in zip(norms, saved):
        m.load_state_dict(state)
    for p in model.parameters():
        if p.grad is not None:
            p.grad.zero_()
    return {"loss": math.nan, "grad_norm": math.nan}
