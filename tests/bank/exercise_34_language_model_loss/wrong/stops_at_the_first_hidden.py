# wrong: next_token_loss: treats the mask as padding at the end, so that nothing after its first False counts
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def next_token_loss(logits, tokens, mask=None):

    if mask is not None:
        mask = mask.clone()
        mask[:, 1:] = mask[:, 1:].cumprod(dim=1).bool()
    summed, count = summed_loss(logits, tokens, mask)
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
