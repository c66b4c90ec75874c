# wrong: safe_training_step: treats a negative loss as one that is not finite
import torch
import math
from torch import nn

def safe_training_step(model, X, y, optimizer, criterion, max_norm=1.0):
    model.train()
    for p in model.parameters():
        p.grad = None
    buffers = [b.detach().clone() for b in model.buffers()]
    logits = model(X).squeeze(1)
    loss = criterion(logits, y)
    good = bool(0 <= loss < float('inf'))
    norm = None
    if good:
        loss.backward()
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.sqrt(sum((g ** 2).sum() for g in grads))
        good = bool(torch.isfinite(norm))
    if not good:
        with torch.no_grad():
            for b, old in zip(model.buffers(), buffers):
                b.copy_(old)
        for p in model.parameters():
            p.grad = None
        return {"loss": float("nan"), "grad_norm": float("nan")}
    if norm > max_norm:
        for g in grads:
            g.mul_(max_norm / norm)
    optimizer.step()
    return {"loss": loss.item(), "grad_norm": norm.item()}
