# right: clamps ids and multiplies finite losses by the mask
import math

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, mask=None):
    V = logits.size(-1)
    weights = torch.ones_like(tokens) if mask is None else mask
    weights = weights[:, 1:].to(logits.dtype)
    losses = F.cross_entropy(
        logits[:, :-1].reshape(-1, V), tokens[:, 1:].clamp(0, V - 1).reshape(-1), reduction="none"
    ).view_as(weights)
    return (losses * weights).sum() / torch.clamp(weights.sum(), min=1.0)


def label_smoothed_loss(logits, targets, smoothing):
    logp = logits - logits.logsumexp(dim=1, keepdim=True)
    nll = -logp[range(len(targets)), targets]
    return (nll - smoothing * (nll + logp.mean(1))).sum() / len(targets)


def perplexity(losses, counts):
    top = max(losses)
    total = sum(counts)
    return math.exp(top) ** 1.0 if len(losses) == 1 else math.exp(
        top + sum((loss - top) * count for loss, count in zip(losses, counts)) / total
    )


def accumulated_step(model, batches, optimizer):
    def closure():
        optimizer.zero_grad()
        total = sum(mask[:, 1:].sum().item() for _, mask in batches)
        mean = 0.0
        for tokens, mask in batches:
            with torch.enable_grad():
                loss = next_token_loss(model(tokens), tokens, mask)
                loss = loss * mask[:, 1:].sum() / total
                loss.backward()
            mean += loss.item()
        return mean

    mean = closure()
    optimizer.step()
    return mean
