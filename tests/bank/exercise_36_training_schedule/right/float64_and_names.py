import copy

import torch


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    span = total_steps - warmup_steps
    if step < warmup_steps:
        rate = torch.tensor(peak) * ((step + 1) / warmup_steps)
    elif step < total_steps:
        angle = torch.tensor(torch.pi) * ((step - warmup_steps) / span)
        rate = minimum + (peak - minimum) / 2 * (1 + torch.cos(angle))
    else:
        rate = torch.tensor(minimum)
    return rate.item()


def parameter_groups(model, weight_decay):
    unique = {id(p): p for _, p in model.named_parameters(remove_duplicate=False)}
    trainable = list(filter(lambda p: p.requires_grad, unique.values()))
    with_decay = [p for p in trainable if p.ndim >= 2]
    chosen = {id(p) for p in with_decay}
    without = [p for p in trainable if id(p) not in chosen]
    groups = []
    if with_decay:
        groups.append({"params": with_decay, "weight_decay": weight_decay, "lr": 1e-3})
    if without:
        groups.append({"params": without, "weight_decay": 0.0, "lr": 1e-3})
    return groups


def ema_update(average, model, decay):
    done = set()
    theirs = dict(model.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, own in average.named_parameters(remove_duplicate=False):
            if own in done:
                continue
            done.add(own)
            mixed = decay * own.double() + (1 - decay) * theirs[name].double()
            own.copy_(mixed.to(own.dtype))
        copies = {n: copy.deepcopy(b.detach()) for n, b in model.named_buffers()}
        for name, own in average.named_buffers():
            own.resize_(copies[name].shape)
            own.copy_(copies[name])


def average_checkpoints(states):
    if len(states) < 1:
        raise ValueError("empty")
    keys = [set(s.keys()) for s in states]
    if set.union(*keys) != set.intersection(*keys):
        raise ValueError("keys")
    result = copy.deepcopy(dict(states[-1]))
    n = len(states)
    for name, value in result.items():
        if torch.is_tensor(value) and value.is_floating_point():
            result[name] = sum(s[name].double() / n for s in states).to(value.dtype)
    return result
