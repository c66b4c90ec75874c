# right: runs forward on cloned buffers and writes them back only after a good step
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
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    logits = torch.func.functional_call(model, buffers, (X,))
    loss = criterion(logits.flatten(), y)
    loss.backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in grads]))
    if not bool(torch.isfinite(torch.stack([loss.detach(), norm])).all()):
        model.zero_grad()
        return {"loss": math.nan, "grad_norm": math.nan}
    for g in grads:
        g.mul_(torch.clamp(max_norm / (norm + 1e-6), max=1.0))
    optimizer.step()
    with torch.no_grad():
        for name, b in model.named_buffers():
            b.copy_(buffers[name])
    return {"loss": loss.item(), "grad_norm": norm.item()}
