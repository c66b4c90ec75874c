# right: goes through rows and positions in Python
import math

import torch


def nll(row, token):
    return torch.logsumexp(row, dim=0) - row[token]


def next_token_loss(logits, tokens, mask=None):
    B, L = tokens.shape
    losses = []
    for b in range(B):
        for t in range(L - 1):
            if mask is None or mask[b, t + 1]:
                losses.append(nll(logits[b, t], tokens[b, t + 1]))
    if not losses:
        return torch.zeros((), dtype=logits.dtype, requires_grad=True)
    return torch.stack(losses).mean()


def label_smoothed_loss(logits, targets, smoothing):
    N, V = logits.shape
    total = logits.new_zeros(())
    for i in range(N):
        for c in range(V):
            weight = smoothing / V
            if c == targets[i]:
                weight = weight + 1 - smoothing
            total = total + weight * nll(logits[i], c)
    return total / N


def perplexity(losses, counts):
    nats = tokens = 0
    for loss, count in zip(losses, counts):
        nats += loss * count
        tokens += count
    return math.e ** (nats / tokens)


def accumulated_step(model, batches, optimizer):
    total = 0
    for tokens, mask in batches:
        for row in mask.tolist():
            total += sum(row[1:])
    optimizer.zero_grad()
    mean = 0.0
    for tokens, mask in batches:
        count = sum(sum(row[1:]) for row in mask.tolist())
        if count == 0:
            continue
        loss = next_token_loss(model(tokens), tokens, mask)
        loss = loss * count / total
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean
