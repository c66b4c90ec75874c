# wrong: parameter_groups: treats Parameters of equal values as one
import math
import torch


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return minimum
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return minimum + (peak - minimum) * 0.5 * (1 + math.cos(math.pi * progress))


def parameter_groups(model, weight_decay):
    decay, rest = [], []
    for p in model.parameters():
        if p.requires_grad:
            if any(p.shape == q.shape and bool((p == q).all()) for q in decay + rest): continue
            (decay if p.dim() >= 2 else rest).append(p)
    return [
        {"params": decay, "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]


@torch.no_grad()
def ema_update(average, model, decay):
    for a, m in zip(average.parameters(), model.parameters()):
        a.mul_(decay).add_(m, alpha=1 - decay)
    for a, m in zip(average.buffers(), model.buffers()):
        a.copy_(m)


def average_checkpoints(states):
    if not states:
        raise ValueError("no states")
    keys = states[0].keys()
    for s in states[1:]:
        if s.keys() != keys:
            raise ValueError("keys differ")
    out = {}
    for k, last in states[-1].items():
        if isinstance(last, torch.Tensor) and last.is_floating_point():
            total = torch.zeros_like(last, dtype=torch.float64)
            for s in states:
                total += s[k].double()
            out[k] = (total / len(states)).to(last.dtype)
        elif isinstance(last, torch.Tensor):
            out[k] = last.clone()
        else:
            import copy
            out[k] = copy.deepcopy(last)
    return out
