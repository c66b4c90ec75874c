"""Exercise 36: what surrounds the optimiser: schedule, decay, averages (torch).

Two people train the same model on the same data with the same optimiser, and one ends half a
point ahead. The difference is in twenty lines that nobody reviews: how the learning rate rises
and falls, which parameters decay, which weights are evaluated in the end. Each of these lines
has a bug that raises no error. A schedule off by one step starts at a rate of zero, or rises
again after its end; weight decay shrinks the gains of every norm; a tied embedding is averaged
twice a step; a mean of float16 checkpoints overflows.

Interviewers ask for all four because they are short. The follow-up: why does averaging weights
work at all, when averaging the weights of two independently trained networks does not?
"""

from typing import Any

import torch
from torch import nn


def warmup_cosine(
    step: int, peak: float, warmup_steps: int, total_steps: int, minimum: float = 0.0
) -> float:
    """Return the learning rate of a step.

    During the first `warmup_steps` steps it is `peak * (step + 1) / warmup_steps`. Then it follows
    half a cosine that has the value `peak` at step `warmup_steps` and would reach `minimum` at
    step `total_steps`; from `total_steps` on it is `minimum`. So steps `warmup_steps - 1` and
    `warmup_steps` both get `peak`.

    Args:
        step: The number of the step, from 0.
        peak: The largest learning rate.
        warmup_steps: From 0 (no warm-up) to `total_steps`. Where the two are equal, `minimum`
            follows the warm-up at once, without a cosine.
        total_steps: The first step at which the rate is `minimum` for good.
        minimum: Where the cosine ends.
    Returns:
        A float.
    Example:
        >>> [round(float(warmup_cosine(step, 1.0, 4, 8)), 4) for step in range(10)]
        [0.25, 0.5, 0.75, 1.0, 1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
        >>> [round(float(warmup_cosine(step, 1.0, 0, 2, minimum=0.1)), 4) for step in range(4)]
        [1.0, 0.55, 0.1, 0.1]

    Source: Loshchilov and Hutter, SGDR: Stochastic gradient descent with warm restarts, 2017.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_36: `warmup_cosine` is still a stub")


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the parameters of a model in two groups for an optimiser: with and without decay.

    Trainable parameters of two or more dimensions decay, all other trainable ones (biases, gains
    of norms, scalars) do not. Dimensions decide, and neither names nor kinds of layers. A
    parameter that is not trainable is in neither group. Each parameter comes once, also one that
    is tied and so stands in the model under several names.

    Args:
        model: Any module, which stays as it is.
        weight_decay: For the group that decays.
    Returns:
        A list of two dicts that `torch.optim.AdamW` takes as it is. Each has `"params"`, a list
        of the model's own Parameters, and `"weight_decay"`: `weight_decay` in one, 0.0 in the
        other. The order of groups and parameters is free, further keys are ignored, and a group
        without parameters may be left out.
    Example:
        >>> model = nn.Sequential(nn.Embedding(5, 4), nn.LayerNorm(4), nn.Linear(4, 5))
        >>> groups = parameter_groups(model, 0.1)
        >>> sorted((float(group["weight_decay"]), len(group["params"])) for group in groups)
        [(0.0, 3), (0.1, 2)]

    Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2019.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_36: `parameter_groups` is still a stub")


def ema_update(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Let an averaged model follow another one by a step, in place.

    Each parameter of `average`, trainable or not, becomes
    `decay * its own + (1 - decay) * the model's`. A tied one, which stands in both modules under
    several names, moves once. Each buffer, also a non-persistent one, which no state dict holds,
    and one of integers, is not averaged: it is written to, or replaced by, a copy of the model's.

    The Parameter objects of `average` stay the same ones, and so does their `requires_grad`.
    Nothing is recorded for autograd, whether or not the caller has switched recording off. `model`
    stays as it is. Afterwards the two share no memory.

    Args:
        average: Of the same architecture as `model`; they share no memory. float32 or float64.
        model: The one in training.
        decay: In [0, 1].
    Example:
        >>> average, model = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
        >>> with torch.no_grad():
        ...     _ = model.weight.fill_(3.0)
        >>> _ = model.running_mean.fill_(8.0)
        >>> ema_update(average, model, 0.75)
        >>> average.weight.tolist(), average.running_mean.tolist()
        ([1.5], [8.0])

    Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_36: `ema_update` is still a stub")


def average_checkpoints(
    states: list[dict[str, torch.Tensor | Any]],
) -> dict[str, torch.Tensor | Any]:
    """Return the mean of several state dicts.

    Args:
        states: A list of dicts with the same set of keys, in any order. Under a key all of them
            have tensors of the same shape, or all have something else. Under it the dtypes of
            floating-point tensors may differ from state to state. They stay as they are.
    Returns:
        A dict with these keys. A floating-point tensor, float16 and bfloat16 included, is the mean
        over all states: summed in float64, and in the dtype that it has in the last state.
        Everything else is as in the last state: tensors of integers or booleans, and values that
        are no tensors, a Python float among them. The result shares no memory with the states.
    Raises:
        ValueError: The keys differ, or there is no state at all.
    Example:
        >>> first = {"w": torch.tensor([1.0, 2.0]), "steps": torch.tensor(10)}
        >>> last = {"steps": torch.tensor(20), "w": torch.tensor([3.0, 2.5])}
        >>> average = average_checkpoints([first, last])
        >>> average["w"].tolist(), average["steps"].item()
        ([2.0, 2.25], 20)
        >>> half = [{"w": torch.tensor([60000.0]).half()}] * 2
        >>> average_checkpoints(half)["w"].tolist()
        [60000.0]

    Source: Vaswani et al., Attention is all you need, 2017, section 6.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_36: `average_checkpoints` is still a stub")
