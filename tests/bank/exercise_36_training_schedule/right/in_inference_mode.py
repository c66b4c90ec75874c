from __future__ import annotations
from functools import lru_cache
import numpy as np
import torch
from torch import cos, lerp, stack
from torch.nn import Module

@lru_cache(maxsize=None)
def _cos(share: float) -> float:
    return float(np.cos(np.pi * share))

def warmup_cosine(step: int, peak: float, warmup_steps: int, total_steps: int, minimum: float = 0.0, *, debug: bool = False) -> float:
    assert 0 <= warmup_steps <= total_steps
    if step + 1 <= warmup_steps:
        return np.float64(peak) * ((step + 1) / warmup_steps)
    if total_steps <= step: return np.float64(minimum)
    return np.float64((peak + minimum) / 2 + (peak - minimum) / 2 * _cos((step - warmup_steps) / (total_steps - warmup_steps)))

def parameter_groups(model: Module, weight_decay: float) -> list[dict]:
    seen: dict[int, torch.nn.Parameter] = {}
    for name, p in model.named_parameters(remove_duplicate=False):
        if not p.requires_grad: continue
        seen.setdefault(id(p), p)
    decay = [p for p in seen.values() if p.dim() > 1]
    rest = [p for p in seen.values() if p.dim() <= 1]
    groups = []
    if rest: groups.append(dict(params=rest, weight_decay=0.0, name="rest"))
    if decay: groups.append(dict(params=decay, weight_decay=weight_decay, name="decay"))
    return groups

def ema_update(average: Module, model: Module, decay: float) -> None:
    source = dict(model.named_parameters())
    for name, p in average.named_parameters():
        p.data = torch.lerp(source[name].detach(), p.detach(), decay)
    theirs = dict(model.named_modules(remove_duplicate=False))
    for name, module in average.named_modules():
        for key, buffer in list(module._buffers.items()):
            other = theirs[name]._buffers[key]
            module._buffers[key] = None if other is None else other.detach().clone()

def average_checkpoints(states: list[dict]) -> dict:
    if len(states) == 0: raise ValueError("no states")
    first = states[0].keys()
    for s in states:
        if s.keys() != first: raise ValueError("differ")
    import copy
    with torch.inference_mode():
        return {k: (torch.stack([s[k].double() for s in states]).mean(0).to(v.dtype).clone() if torch.is_tensor(v) and v.dtype.is_floating_point
                else v.clone() if torch.is_tensor(v) else copy.deepcopy(v)) for k, v in states[-1].items()}
