# wrong: safe_training_step: clears only the optimiser's gradients after a skipped step
import math

import torch


def safe_training_step(model, X, y, optimizer, criterion, max_norm=1.0):
    model.train()
    model.zero_grad(set_to_none=True)
    saved = [(b, b.detach().clone()) for b in model.buffers()]
    loss = criterion(model(X).squeeze(1), y)
    value = loss.item()
    norm = math.nan
    if math.isfinite(value):
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm).item()
    if not (math.isfinite(value) and math.isfinite(norm)):
        optimizer.zero_grad()
        with torch.no_grad():
            for b, old in saved:
                b.copy_(old)
        return {"loss": math.nan, "grad_norm": math.nan}
    optimizer.step()
    return {"loss": value, "grad_norm": norm}
