# right: the NaN of an empty mean made 0, backward() with a weight
import math
import torch
import torch.nn.functional as F
from torch import nn


def next_token_loss(logits, tokens, mask=None):
    targets = tokens[:, 1:]
    if mask is not None:
        targets = targets.masked_fill(~mask[:, 1:], -100)
    rows = logits[:, :-1].reshape(-1, logits.shape[-1])
    # the mean of nothing is NaN, and its gradients are zeros
    return torch.nan_to_num(F.cross_entropy(rows, targets.reshape(-1), ignore_index=-100))


def label_smoothed_loss(logits, targets, smoothing):
    crit = nn.CrossEntropyLoss(label_smoothing=smoothing)
    return crit(logits, targets)

def perplexity(losses, counts):
    return math.exp(sum(map(lambda pair: pair[0] * pair[1], zip(losses, counts))) / sum(counts))

def accumulated_step(model, batches, optimizer):
    n = [int(m[:, 1:].sum()) for _, m in batches]
    total = sum(n)
    old = {}
    for p in model.parameters(): p.grad = None
    value = 0.0
    for (t, m), k in zip(batches, n):
        if k:
            loss = next_token_loss(model(t), t, m)
            loss.backward(gradient=torch.tensor(k / total, dtype=loss.dtype))
            value += loss.item() * k / total
    optimizer.step()
    return value
