# right: its import sets torch's default dtype, as scripts do
import math

import torch
from torch.nn.functional import cross_entropy

torch.set_default_dtype(torch.float64)


def next_token_loss(logits, tokens, mask=None):
    losses = []
    for row, ids, keep in zip(logits, tokens, tokens if mask is None else mask):
        keep = torch.ones_like(ids, dtype=torch.bool) if mask is None else keep
        losses.append(cross_entropy(row[:-1][keep[1:]], ids[1:][keep[1:]], reduction="none"))
    losses = torch.cat(losses)
    return losses.mean() if len(losses) else losses.sum()


def label_smoothed_loss(logits, targets, smoothing):
    V = logits.shape[1]
    weights = torch.eye(V, dtype=logits.dtype)[targets] * (1 - smoothing) + smoothing / V
    return -torch.einsum("nv,nv->", weights, logits.log_softmax(-1)) / len(logits)


def perplexity(losses, counts):
    tokens = sum(counts)
    return math.exp(math.sumprod(losses, counts) / tokens) if hasattr(math, "sumprod") else math.exp(
        sum(map(lambda pair: pair[0] * pair[1], zip(losses, counts))) / tokens
    )


def accumulated_step(model, batches, optimizer):
    optimizer.zero_grad()
    nats, count = 0.0, 0
    for tokens, mask in batches:
        keep = mask.clone()
        keep[:, 0] = False
        logits = model(tokens).roll(1, dims=1)
        loss = cross_entropy(logits[keep], tokens[keep], reduction="sum")
        loss.backward()
        nats, count = nats + loss.item(), count + int(keep.sum())
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.div_(count)
    optimizer.step()
    return nats / count
