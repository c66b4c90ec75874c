# right: adds up gradients by autograd.grad and hands them over before the step
import math

import torch
from torch.nn import functional as F


def next_token_loss(logits, tokens, mask=None):
    B, L, V = logits.shape
    flat = logits[:, : L - 1].reshape(-1, V)
    targets = tokens[:, 1:].reshape(-1)
    keep = torch.ones(B * (L - 1)) if mask is None else mask[:, 1:].reshape(-1)
    keep = keep.bool()
    if not keep.any():
        return flat[keep].sum()
    return F.nll_loss(F.log_softmax(flat[keep], dim=1), targets[keep])


def label_smoothed_loss(logits, targets, smoothing):
    uniform = torch.logsumexp(logits, 1) - logits.mean(1)
    hard = F.cross_entropy(logits, targets, reduction="none")
    return torch.lerp(hard, uniform, smoothing).mean()


def perplexity(losses, counts):
    weights = torch.tensor(counts, dtype=torch.float64)
    values = torch.tensor(losses, dtype=torch.float64)
    return torch.exp((weights * values).sum() / weights.sum()).item()


def accumulated_step(model, batches, optimizer):
    parameters = [p for p in model.parameters() if p.requires_grad]
    sums = [torch.zeros_like(p) for p in parameters]
    nats = count = 0
    for tokens, mask in batches:
        here = int(mask[:, 1:].sum())
        if not here:
            continue
        loss = next_token_loss(model(tokens), tokens, mask) * here
        for total, slope in zip(sums, torch.autograd.grad(loss, parameters)):
            total += slope
        nats += loss.item()
        count += here
    for parameter, total in zip(parameters, sums):
        parameter.grad = total / count
    optimizer.step()
    return nats / count
