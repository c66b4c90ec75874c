import math

import torch

torch.set_grad_enabled(False)  # nothing here is differentiated


def warmup_cosine(step, peak, warmup_steps, total_steps, minimum=0.0):
    """As the lesser of a line and a cosine by cases."""
    if warmup_steps > step:
        return (step + 1) / warmup_steps * peak
    left = total_steps - step
    if left <= 0:
        return float(minimum)
    share = left / (total_steps - warmup_steps)  # 1 at the peak
    return minimum + (peak - minimum) * math.sin(math.pi / 2 * share) ** 2


def parameter_groups(model, weight_decay):
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    return [
        dict(params=[p for _, p in named if p.ndim <= 1], weight_decay=0.0),
        dict(params=[p for _, p in named if not p.ndim <= 1], weight_decay=weight_decay),
    ]


def ema_update(average, model, decay):
    for own, new in zip(average.parameters(), model.parameters()):
        own.data.mul_(decay)
        own.data.add_(new.data, alpha=1.0 - decay)
    for own, new in zip(average.buffers(), model.buffers()):
        own.data.copy_(new.data)


def average_checkpoints(states):
    if not states or len({tuple(sorted(state)) for state in states}) != 1:
        raise ValueError("states")
    average = {}
    for name in states[0]:
        values = [state[name] for state in states]
        last = values[-1]
        if not isinstance(last, torch.Tensor):
            average[name] = last
        elif last.is_floating_point():
            mean = values[0].detach().to(torch.float64, copy=True)
            for count, value in enumerate(values[1:], start=2):
                mean += (value.double() - mean) / count
            average[name] = mean.type(last.dtype)
        else:
            average[name] = torch.tensor(last.tolist(), dtype=last.dtype).reshape(last.shape)
    return average
