import math

import torch
from torch import nn


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    if step >= total_steps and step >= warmup_steps:
        return minimum
    if step + 1 <= warmup_steps:
        return peak / warmup_steps * (step + 1)
    x = math.pi * (step - warmup_steps) / (total_steps - warmup_steps)
    weight = (math.cos(x) + 1) / 2
    return weight * peak + (1 - weight) * minimum


def collect(module, seen):
    for p in module.parameters(recurse=False):
        if p.requires_grad:
            seen[p] = None
    for child in module.children():
        collect(child, seen)
    return seen


def parameter_groups(model, weight_decay):
    every = list(collect(model, {}))
    return [
        {"params": list(filter(lambda p: p.ndim < 2, every)), "weight_decay": 0.0},
        {"params": list(filter(lambda p: p.ndim >= 2, every)), "weight_decay": weight_decay},
    ]


def ema_update(average, model, decay):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        for a, m in zip(list(average.parameters()), list(model.parameters())):
            a.sub_((1 - decay) * (a - m))
        for (_, a), (_, m) in zip(average.named_modules(), model.named_modules()):
            for name, value in list(m.named_buffers(recurse=False)):
                setattr(a, name, value.detach().clone())
    finally:
        torch.set_grad_enabled(before)


def average_checkpoints(states):
    states = list(states)
    if not states:
        raise ValueError("nothing to average")
    *others, last = states
    for other in others:
        if sorted(other) != sorted(last):
            raise ValueError("keys differ")
    return {name: mean([s[name] for s in states]) for name in last}


def mean(values):
    last = values[-1]
    if not torch.is_tensor(last):
        return type(last)(last) if isinstance(last, (dict, list, set)) else last
    if not torch.is_floating_point(last):
        return last.detach().clone()
    rows = torch.cat([v.detach().reshape(1, -1).to(torch.float64) for v in values])
    weights = torch.full((len(values),), 1.0, dtype=torch.float64)
    return (weights @ rows / len(values)).reshape(last.shape).to(last.dtype)
