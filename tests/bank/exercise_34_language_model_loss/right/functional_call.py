# right: takes gradients of a function of the parameters
import math

import torch
from torch.func import functional_call
from torch.nn import functional as F


def next_token_loss(logits, tokens, mask=None):
    logits = logits[:, :-1]
    keep = torch.full_like(tokens[:, 1:], True, dtype=torch.bool) if mask is None else mask[:, 1:]
    scores = torch.masked_select(logits, keep[..., None]).view(-1, logits.shape[-1])
    targets = torch.masked_select(tokens[:, 1:], keep)
    return F.cross_entropy(scores, targets, reduction="sum") / max(len(targets), 1)


def label_smoothed_loss(logits, targets, smoothing):
    return torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, targets)


def perplexity(losses, counts):
    return math.exp(torch.tensor(losses).double().dot(torch.tensor(counts).double()) / sum(counts))


def accumulated_step(model, batches, optimizer):
    total = sum(int(mask[:, 1:].sum()) for _, mask in batches)
    named = dict(model.named_parameters())
    optimizer.zero_grad()
    mean = 0.0
    for tokens, mask in batches:
        logits = functional_call(model, named, (tokens,))
        loss = next_token_loss(logits, tokens, mask) * (int(mask[:, 1:].sum()) / total)
        loss.backward()
        mean = mean + loss.item()
    optimizer.step()
    return float(mean)
