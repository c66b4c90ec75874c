# wrong: warmup_cosine: a minimum as large as the peak raises ValueError
import copy
import math
from typing import Any

import torch
from torch import nn


def warmup_cosine(
    step: int, peak: float, warmup_steps: int, total_steps: int, minimum: float = 0.0
) -> float:
    """A straight line up to the peak, half a cosine down to the minimum, then the minimum."""
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    # Before the division: without a step between the two there is nothing to divide by.
    if step >= total_steps:
        return minimum
    progress = (step - warmup_steps) / (total_steps - warmup_steps)     # 0 at the peak
    return minimum + (peak - minimum) * (1 + math.cos(math.pi * progress)) / 2


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices and what has more axes decay; biases, gains and scalars do not."""
    # parameters() gives each Parameter once, under however many names it stands in the model.
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]


@torch.no_grad()
def ema_update(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the average's parameters towards the model's, and copy its buffers."""
    weights, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    for name, own in average.named_parameters():
        own.mul_(decay).add_(weights[name], alpha=1 - decay)    # in place: the same Parameter
    # Not from the state dict: non-persistent buffers are missing there.
    for name, own in average.named_buffers():
        own.copy_(buffers[name])


def average_checkpoints(states: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of all floating-point tensors, and a copy of everything else in the last state."""
    if len({frozenset(state) for state in states}) != 1:
        raise ValueError("no checkpoints, or their keys differ")
    average = {}
    for name, last in states[-1].items():
        if torch.is_tensor(last) and last.is_floating_point():
            # float64: the sum of a few float16 weights may not fit into float16.
            total = sum(state[name].double() for state in states)
            average[name] = (total / len(states)).to(last.dtype)
        else:  # counters, masks, versions: their mean has no meaning
            average[name] = copy.deepcopy(last)
    return average


_plain_w = warmup_cosine


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    if minimum >= peak:
        raise ValueError("minimum")
    return _plain_w(step, peak, warmup_steps, total_steps, minimum)
