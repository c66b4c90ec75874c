# wrong: warmup_cosine: treats a warm-up of 0 as one of 1
import copy
import math

import torch


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    warmup_steps = warmup_steps or min(1, total_steps)
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return minimum
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return minimum + 0.5 * (peak - minimum) * (1.0 + math.cos(math.pi * progress))


def parameter_groups(model, weight_decay):
    decay, rest = [], []
    for p in model.parameters():
        if not p.requires_grad:
            continue
        if p.dim() >= 2:
            decay.append(p)
        else:
            rest.append(p)
    return [
        {"params": decay, "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]


def ema_update(average, model, decay):
    with torch.no_grad():
        for a, m in zip(average.parameters(), model.parameters()):
            a.copy_(decay * a + (1 - decay) * m)
        for a, m in zip(average.buffers(), model.buffers()):
            a.copy_(m)


def average_checkpoints(states):
    if len(states) == 0:
        raise ValueError("no states")
    keys = set(states[0])
    for state in states:
        if set(state) != keys:
            raise ValueError("the keys differ")
    result = {}
    for key, last in states[-1].items():
        if isinstance(last, torch.Tensor) and torch.is_floating_point(last):
            total = torch.zeros(last.shape, dtype=torch.float64)
            for state in states:
                total += state[key].to(torch.float64)
            result[key] = (total / len(states)).to(last.dtype)
        else:
            result[key] = copy.deepcopy(last)
    return result
