import copy
import math

import numpy as np
import torch
from torch import nn


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    if step < warmup_steps:
        return np.float64(np.interp(step + 1, [0, warmup_steps], [0.0, peak]))
    t = min(step, total_steps)
    if t == total_steps:
        return np.float64(minimum)
    phase = np.exp(1j * math.pi * (t - warmup_steps) / (total_steps - warmup_steps))
    return np.float64(minimum + (peak - minimum) * (1 + phase.real) / 2)


def parameter_groups(model, weight_decay):
    params = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in params if p.ndim > 1]
    vectors = [p for p in params if p.ndim in (0, 1)]
    optimizer_groups = [{"weight_decay": weight_decay}, {"weight_decay": 0.0}]
    optimizer_groups[0]["params"] = matrices
    optimizer_groups[1]["params"] = vectors
    return optimizer_groups


@torch.no_grad()
def ema_update(average, model, decay):
    own = list(average.parameters())
    if own:
        torch._foreach_mul_(own, decay)
        torch._foreach_add_(own, [p.detach() for p in model.parameters()], alpha=1 - decay)
    for a, b in zip(average.buffers(), model.buffers()):
        a.set_(copy.deepcopy(b.detach()))


def average_checkpoints(states):
    try:
        last = states[-1]
    except IndexError:
        raise ValueError("no states") from None
    if any(state.keys() ^ last.keys() for state in states):
        raise ValueError("keys")
    out = type(last)()
    for key in last:
        value = last[key]
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            arrays = [state[key].detach().double().numpy() for state in states]
            mean = np.mean(np.stack(arrays), axis=0)
            out[key] = torch.as_tensor(mean).to(value.dtype)
        else:
            out[key] = copy.deepcopy(value)
    return out
