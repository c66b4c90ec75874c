"""Four small things around the optimiser, each of which fails in silence.

The learning rate rises first, because Adam's second moments are guesses in the first steps and
large steps on them can ruin a transformer for good. Then it falls along half a cosine: slowly at
first, while there is still ground to cover, fast in the middle, slowly at the end. I count from
0, so step 0 gets peak / warmup and not a learning rate of 0, and after the last step the rate
stays at the minimum: a cosine that is not stopped there rises again.

Weight decay is for matrices. Pulling gains of norms and biases towards zero costs accuracy and
regularises nothing, and "two or more dimensions" tells them apart without a list of names.
model.parameters() gives a tied parameter once, which optimisers insist on.

The exponential moving average of the weights is the cheapest ensemble: a shadow model that
follows slowly and sits in the middle of the valley in which the optimiser bounces about. It is
updated in place, under no_grad, or every step would add to one endless graph. Buffers are copied,
not averaged: a mean of counters makes no sense, and the running statistics of BatchNorm are
averages already. I go through parameters and buffers rather than state dicts: these list a tied
weight twice, and it would be averaged twice, and they leave out buffers that are not persistent.

Averaging the last checkpoints does the same after the fact. I sum in float64, since in float16
the sum of four weights overflows at 65504 and a small one vanishes beside a large one, and round
once, at the end.

Follow-up: the decay sets a window of 1 / (1 - decay) steps. With 0.9999 the first ten thousand
steps are mostly the random start, so one ramps the decay up: min(decay, (1 + t) / (10 + t)).
"""

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
