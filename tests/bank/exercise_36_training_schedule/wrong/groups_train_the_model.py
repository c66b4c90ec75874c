# wrong: parameter_groups: puts the model into train mode
import math
import copy
import torch
from torch import nn

def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return float(minimum)
    share = (step - warmup_steps) / (total_steps - warmup_steps)
    return minimum + (peak - minimum) * 0.5 * (1 + math.cos(math.pi * share))

def parameter_groups(model, weight_decay):
    model.train()
    yes, no = [], []
    for p in model.parameters():
        if p.requires_grad:
            (yes if p.ndim >= 2 else no).append(p)
    return [{"params": yes, "weight_decay": weight_decay}, {"params": no, "weight_decay": 0.0}]

@torch.no_grad()
def ema_update(average, model, decay):
    for a, b in zip(average.parameters(), model.parameters()):
        a.mul_(decay).add_(b, alpha=1 - decay)
    for a, b in zip(average.buffers(), model.buffers()):
        a.copy_(b)

def average_checkpoints(states):
    if not states or any(set(s) != set(states[0]) for s in states):
        raise ValueError("keys")
    out = {}
    for k, v in states[-1].items():
        if isinstance(v, torch.Tensor) and v.is_floating_point():
            total = sum(s[k].detach().to(torch.float64) for s in states)
            out[k] = (total / len(states)).to(v.dtype)
        else:
            out[k] = copy.deepcopy(v)
    return out
