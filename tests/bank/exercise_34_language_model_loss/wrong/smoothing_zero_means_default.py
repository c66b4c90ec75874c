# wrong: label_smoothed_loss: treats a smoothing of 0 as no value and uses 0.1
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def next_token_loss(logits: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean cross-entropy over all counted tokens; a 0 with a graph where there is none."""
    summed, count = summed_loss(logits, tokens, mask)
    # A sum over nothing is 0 with a graph; only the division has to be kept from 0 / 0.
    return summed / max(count, 1)


def summed_loss(logits: Tensor, tokens: Tensor, mask: Tensor | None) -> tuple[Tensor, int]:
    """The summed cross-entropy of the counted tokens, and how many they are."""
    logits, targets = logits[:, :-1], tokens[:, 1:]         # (B, L - 1, V), (B, L - 1)
    if mask is None:
        counted = torch.ones_like(targets, dtype=torch.bool)
    else:
        counted = mask[:, 1:]                               # of the token predicted
    # Selecting, not multiplying by 0: ids may lie outside the vocabulary, and 0 * inf is NaN.
    loss = F.cross_entropy(logits[counted], targets[counted], reduction="sum")
    return loss, int(counted.sum())


def label_smoothed_loss(logits, targets, smoothing):

    return F.cross_entropy(logits, targets, label_smoothing=smoothing or 0.1)


def perplexity(losses: list[float], counts: list[int]) -> float:
    """The exponential of the mean over tokens, not of the mean over batches."""
    total = math.fsum(loss * count for loss, count in zip(losses, counts, strict=True))
    # One exponential at the end: the mean of exponentials is another number, and overflows.
    return math.exp(total / sum(counts))


def accumulated_step(
    model: nn.Module,
    batches: list[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
) -> float:
    """One step along the gradient of the mean over all counted tokens of all batches."""
    # Known before any forward pass; first tokens are predicted by nobody.
    total = sum(int(mask[:, 1:].sum()) for _, mask in batches)
    optimizer.zero_grad()
    mean = 0.0
    for tokens, mask in batches:
        summed, _ = summed_loss(model(tokens), tokens, mask)
        # By the tokens of all batches, not of this one: gradients add up to the mean's.
        loss = summed / total
        loss.backward()                                     # frees this batch's graph
        mean += loss.item()
    optimizer.step()
    return mean
