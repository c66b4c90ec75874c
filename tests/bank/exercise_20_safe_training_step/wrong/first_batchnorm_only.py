# wrong: safe_training_step: only the first BatchNorm layer gets its statistics back
import math

import torch


def safe_training_step(model, X, y, optimizer, criterion, max_norm=1.0):
    nan = float("nan")
    saved = [b.clone() for b in model.buffers()]
    model.train()
    for p in model.parameters():
        p.grad = None
    logits = model(X)
    loss = criterion(logits.squeeze(-1), y)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if not torch.isfinite(loss) or not torch.isfinite(norm):
        for p in model.parameters():
            p.grad = None
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.running_mean.copy_(saved[0])
                module.running_var.copy_(saved[1])
                module.num_batches_tracked.copy_(saved[2])
                break
        return {"loss": nan, "grad_norm": nan}
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
