# right: gathers log-probabilities, puts a legal id where nothing counts, selects with where
import numpy as np
import torch


def next_token_loss(logits, tokens, mask=None):
    B, L, V = logits.shape
    if mask is None:
        mask = torch.ones(B, L, dtype=torch.bool)
    counted = mask[:, 1:]
    targets = tokens[:, 1:].masked_fill(~counted, 0)
    log_probs = torch.log_softmax(logits[:, :-1, :], dim=-1)
    picked = torch.gather(log_probs, 2, targets.unsqueeze(-1)).squeeze(-1)
    picked = torch.where(counted, picked, torch.zeros_like(picked))
    return -picked.sum() / counted.sum().clamp(min=1)


def label_smoothed_loss(logits, targets, smoothing):
    V = logits.shape[-1]
    soft = torch.full_like(logits, smoothing / V)
    soft[torch.arange(len(targets)), targets] += 1 - smoothing
    return -(soft * torch.log_softmax(logits, dim=-1)).sum(-1).mean()


def perplexity(losses, counts):
    return np.exp(np.average(losses, weights=counts))


def accumulated_step(model, batches, optimizer):
    counts = [mask[:, 1:].sum().item() for _, mask in batches]
    optimizer.zero_grad(set_to_none=False)
    value = 0.0
    for (tokens, mask), count in zip(batches, counts):
        loss = next_token_loss(model(tokens), tokens, mask) * (count / sum(counts))
        loss.backward()
        value += float(loss)
    optimizer.step()
    return value
