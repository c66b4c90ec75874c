# right: computes gradients with autograd.grad and sets .grad only for a good step
import math

import numpy as np
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
    for p in model.parameters():
        p.grad = None
    saved = [(m, name, b.clone()) for m in model.modules() for name, b in m._buffers.items()
             if b is not None]
    params = [p for p in model.parameters() if p.requires_grad]
    loss = criterion(model(X).squeeze(-1), y)
    grads = torch.autograd.grad(loss, params, allow_unused=True)
    norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in grads if g is not None))
    if not (math.isfinite(loss.item()) and math.isfinite(norm)):
        for module, name, value in saved:
            module._buffers[name] = value
        return {"loss": np.float64("nan"), "grad_norm": np.float64("nan")}
    factor = max_norm / max(norm, max_norm)
    for p, g in zip(params, grads):
        p.grad = None if g is None else g * factor
    optimizer.step()
    return {"loss": np.float64(loss.item()), "grad_norm": np.float64(norm), "skipped": False}
