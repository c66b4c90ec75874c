# right: lets cross_entropy ignore -100, which it writes into a copy
import math

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, mask=None):
    targets = tokens[:, 1:].clone()
    if mask is not None:
        targets[~mask[:, 1:]] = -100
    if targets.numel() == 0 or bool((targets == -100).all()):
        return 0 * logits.narrow(0, 0, 1).narrow(1, 0, 1).sum()
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), targets, ignore_index=-100)


def label_smoothed_loss(logits, targets, smoothing):
    return F.cross_entropy(logits, targets, label_smoothing=smoothing)


def perplexity(losses, counts):
    return math.exp(sum(l * (c / sum(counts)) for l, c in zip(losses, counts)))


def accumulated_step(model, batches, optimizer):
    batches = [(tokens, mask) for tokens, mask in batches if mask[:, 1:].any()]
    total = sum(mask[:, 1:].sum() for _, mask in batches)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    mean = 0
    for tokens, mask in batches:
        share = mask[:, 1:].sum() / total
        loss = share.to(torch.float64) * next_token_loss(model(tokens), tokens, mask)
        loss.backward()
        mean += loss.detach()
    optimizer.step()
    return mean.item()
