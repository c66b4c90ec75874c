import copy

import numpy as np
import torch


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    rates = np.full(max(total_steps, step) + 1, float(minimum))
    rates[:warmup_steps] = peak * np.arange(1, warmup_steps + 1) / max(warmup_steps, 1)
    n = total_steps - warmup_steps
    if n > 0:
        angle = np.pi * np.arange(n) / n
        rates[warmup_steps:total_steps] = minimum + (peak - minimum) * (1 + np.cos(angle)) / 2
    return rates[step]


def parameter_groups(model, weight_decay):
    groups = {True: [], False: []}
    seen = set()
    for module in model.modules():
        for p in module._parameters.values():
            if p is not None and p.requires_grad and id(p) not in seen:
                seen.add(id(p))
                groups[len(p.shape) > 1].append(p)
    return [
        {"params": params, "weight_decay": weight_decay if key else 0.0, "name": str(key)}
        for key, params in groups.items()
        if params
    ]


@torch.no_grad()
def ema_update(average, model, decay):
    for own, new in zip(average.parameters(), model.parameters()):
        own.lerp_(new, 1 - decay)
    theirs = dict(model.named_modules())
    for path, module in average.named_modules():
        for name, buffer in theirs[path]._buffers.items():
            module._buffers[name] = None if buffer is None else buffer.clone()


def average_checkpoints(states):
    if not states:
        raise ValueError
    first = states[0].keys()
    if not all(s.keys() == first for s in states[1:]):
        raise ValueError
    out = {}
    for k, v in states[-1].items():
        if torch.is_tensor(v) and v.dtype in (
            torch.float16, torch.bfloat16, torch.float32, torch.float64
        ):
            stacked = torch.stack([s[k].double() for s in states])
            out[k] = stacked.mean(0).to(v.dtype)
        elif torch.is_tensor(v):
            out[k] = v.clone()
        else:
            out[k] = copy.copy(v)
    return out
