# wrong: parameter_groups: leaves norms without a decay, also those of two dimensions
import copy, math
import torch
from torch import nn


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return minimum
    x = (step - warmup_steps) / (total_steps - warmup_steps)
    return minimum + (peak - minimum) * math.cos(math.pi * x / 2) ** 2


def parameter_groups(model, weight_decay):
    unique = {id(p): p for p in model.parameters() if p.requires_grad}.values()
    return [{"params": [p for p in unique if (p.ndim >= 2 and not any(p is q for m in model.modules() if isinstance(m, (nn.LayerNorm, nn.GroupNorm)) for q in m.parameters())) is big], "weight_decay": weight_decay if big else 0.0, "name": str(big)} for big in (True, False)]


@torch.no_grad()
def ema_update(average, model, decay):
    for a, m in zip(average.parameters(), model.parameters(), strict=True):
        a.mul_(decay).add_(m, alpha=1 - decay)
    for a, m in zip(average.buffers(), model.buffers(), strict=True):
        a.copy_(m)


def average_checkpoints(states):
    if not states or any(s.keys() != states[0].keys() for s in states):
        raise ValueError("keys")
    last = states[-1]
    result = {}
    for k, v in last.items():
        if torch.is_tensor(v) and v.is_floating_point():
            result[k] = torch.stack([s[k].double() for s in states]).mean(0).to(v.dtype)
        else:
            result[k] = copy.deepcopy(v)
    return result
