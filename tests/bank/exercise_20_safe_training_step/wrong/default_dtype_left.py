# wrong: safe_training_step: sets torch's default dtype to float64 and leaves it so
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
    torch.set_default_dtype(torch.float64)
    model.train()
    for p in model.parameters():
        p.grad = None
    saved = {name: b.detach().clone() for name, b in model.named_buffers()}
    loss = criterion(model(X)[:, 0], y)
    loss.backward()
    total = 0.0
    for p in model.parameters():
        if p.grad is not None:
            total += float(p.grad.double().pow(2).sum())
    norm = math.sqrt(total)
    if math.isfinite(loss.item()) and math.isfinite(norm):
        if norm > max_norm:
            for p in model.parameters():
                if p.grad is not None:
                    p.grad *= max_norm / norm
        optimizer.step()
        return {"loss": loss.item(), "grad_norm": norm}
    for name, b in model.named_buffers():
        b.data.copy_(saved[name])
    for p in model.parameters():
        p.grad = None
    return {"loss": float("nan"), "grad_norm": float("nan")}
