from math import cos, pi
import torch
from torch import nn

class Schedule:
    def __init__(self, *args): self.peak, self.w, self.t, self.m = args
    def __call__(self, s):
        if s < self.w: return (s + 1) * self.peak / self.w
        if s >= self.t: return self.m
        return self.m + (self.peak - self.m) / 2 * (1 + cos(pi * (s - self.w) / (self.t - self.w)))

def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    return Schedule(peak, warmup_steps, total_steps, minimum)(step)

def parameter_groups(model, weight_decay):
    out = {0.0: [], 1.0: []}
    for n, p in sorted(model.named_parameters(), reverse=True):
        if not p.requires_grad: continue
        out[float(p.dim() > 1)].append(p)
    return [{"params": out[1.0], "weight_decay": float(weight_decay)}, {"params": out[0.0], "weight_decay": 0}]

def ema_update(average, model, decay):
    new = {n: p.detach() for n, p in model.named_parameters()}
    for n, p in average.named_parameters():
        with torch.no_grad():
            p.set_(p * decay + new[n] * (1 - decay)) if False else p.data.mul_(decay).add_((1 - decay) * new[n])
    pairs = zip(average.modules(), model.modules())
    for a, m in pairs:
        for name, b in m.named_buffers(recurse=False):
            getattr(a, name).data.copy_(b.data)

def average_checkpoints(states):
    states = list(states)
    if not states: raise ValueError("nothing to average")
    first = states[0]
    for other in states:
        if sorted(other) != sorted(first): raise ValueError("keys differ")
    merged = {}
    for key in first:
        values = [s[key] for s in states]
        v = values[-1]
        if isinstance(v, torch.Tensor):
            if torch.is_floating_point(v):
                n = len(values)
                merged[key] = sum(x.double() / n for x in values).to(dtype=v.dtype, copy=True)
            else:
                merged[key] = torch.empty_like(v).copy_(v)
        else:
            from copy import deepcopy
            merged[key] = deepcopy(v)
    return merged
