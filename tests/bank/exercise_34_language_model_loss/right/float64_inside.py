# right: computes in float64 and casts back
import numpy as np
import torch
from torch import nn


def next_token_loss(logits, tokens, mask=None):
    keep = torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask
    rows, places = torch.nonzero(keep[:, 1:], as_tuple=True)
    picked = logits.double()[rows, places]
    if len(rows) == 0:
        return picked.sum().to(logits.dtype)
    return nn.CrossEntropyLoss()(picked, tokens[rows, places + 1]).to(logits.dtype)


def label_smoothed_loss(logits, targets, smoothing):
    wide = logits.double()
    one_hot = nn.functional.one_hot(targets, wide.shape[1]).double()
    soft = (1 - smoothing) * one_hot + smoothing / wide.shape[1]
    return nn.functional.cross_entropy(wide, soft).to(logits.dtype)


def perplexity(losses, counts):
    losses, counts = np.asarray(losses, dtype=np.float64), np.asarray(counts)
    return float(np.exp(losses @ counts / counts.sum()))


def accumulated_step(model, batches, optimizer):
    model.zero_grad()
    total = float(sum(mask[:, 1:].sum() for _, mask in batches))
    nats = 0.0
    for tokens, mask in batches:
        logits = model(tokens)
        count = int(mask[:, 1:].sum())
        loss = next_token_loss(logits, tokens, mask) * count
        (loss / total).backward()
        nats += loss.item()
    optimizer.step()
    return nats / total
