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
        for m, s in zip([m for m in model.modules() if isinstance(m, torch.nn.BatchNorm1d)][:1], [saved]):
            m.running_mean.copy_(s[0]); m.running_var.copy_(s[1]); m.num_batches_tracked.copy_(s[2])
        return {"loss": nan, "grad_norm": nan}
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
