# right: leaves every submodule in the mode it came in
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
    modes = [(module, module.training) for module in model.modules()]
    saved = [buffer.clone() for buffer in model.buffers()]
    model.train()
    for p in model.parameters():
        p.grad = None
    loss = criterion(model(X).select(1, 0), y)
    loss.backward()
    norm = nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
    good = math.isfinite(loss.item() + norm.item())
    if good:
        nn.utils.clip_grads_with_norm_(model.parameters(), max_norm, norm)
        optimizer.step()
    else:
        for p in model.parameters():
            p.grad = None
        for buffer, before in zip(model.buffers(), saved):
            buffer.set_(before)
    for module, training in modes:
        module.training = training
    if not good:
        return {"loss": math.nan, "grad_norm": math.nan}
    return {"loss": loss.item(), "grad_norm": norm.item()}
