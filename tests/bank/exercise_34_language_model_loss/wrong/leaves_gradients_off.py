# wrong: accumulated_step: leaves gradients switched off for whoever comes next
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


def label_smoothed_loss(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy with `1 - smoothing` on the target plus `smoothing / V` everywhere."""
    log_probs = logits.log_softmax(dim=1)                   # (N, V)
    hard = -log_probs.gather(1, targets[:, None])[:, 0]     # (N,)
    # Against the uniform distribution, which gives the target its share as well.
    uniform = -log_probs.mean(dim=1)                        # (N,)
    return ((1 - smoothing) * hard + smoothing * uniform).mean()


def perplexity(losses: list[float], counts: list[int]) -> float:
    """The exponential of the mean over tokens, not of the mean over batches."""
    total = math.fsum(loss * count for loss, count in zip(losses, counts, strict=True))
    # One exponential at the end: the mean of exponentials is another number, and overflows.
    return math.exp(total / sum(counts))


def accumulated_step(model, batches, optimizer):
    torch.set_grad_enabled(True)
    total = sum(int(mask[:, 1:].sum()) for _, mask in batches)
    optimizer.zero_grad()
    mean = 0.0
    for tokens, mask in batches:
        loss = summed_loss(model(tokens), tokens, mask)[0] / total
        loss.backward()
        mean += loss.item()
    torch.set_grad_enabled(False)
    optimizer.step()
    return mean
