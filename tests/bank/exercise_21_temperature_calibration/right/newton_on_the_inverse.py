# right: Newton's method on 1/T with autograd; midpoints row by row; plain Python bins

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def calibrate_temperature(
    model: nn.Module,
    X_val: torch.Tensor,
    y_val: torch.Tensor,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> float:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X_val).squeeze(-1)
    for module, mode in modes:
        module.training = mode
    def slope_and_curvature(b):
        b = torch.tensor(b, dtype=logits.dtype, requires_grad=True)
        loss = criterion(logits * b, y_val)
        (slope,) = torch.autograd.grad(loss, b, create_graph=True)
        (curvature,) = torch.autograd.grad(slope, b)
        return slope.item(), curvature.item()

    low, high = 1 / 200.0, 1 / 0.01
    b = math.sqrt(low * high)
    for _ in range(100):
        slope, curvature = slope_and_curvature(b)
        if slope > 0:
            high = b
        else:
            low = b
        step = b - slope / curvature if curvature > 0 else low
        b = step if low < step < high else math.sqrt(low * high)
        if high / low < 1.0005:
            break
    return 1 / b


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    total, pairs = {}, [(float(p), float(y)) for p, y in zip(probs, labels)]
    for p, y in pairs:
        i = min(math.floor(p * n_bins), n_bins - 1)
        total[i] = total.get(i, 0.0) + p - y
    return math.fsum(abs(gap) for gap in total.values()) / len(pairs)


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    positives = sorted(float(p) for y, p in zip(y_true, y_prob) if int(y) == 1)
    while len(positives) > 1:
        rest = positives[1:]
        everyone = [float(p) for y, p in zip(y_true, y_prob) if int(y) == 1]
        if sum(p >= rest[0] for p in everyone) / len(everyone) < min_sensitivity:
            break
        positives = rest
    return positives[0]


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    rows = []
    starts = baseline.expand_as(x)
    for row, start in zip(x, starts):
        alphas = (torch.arange(steps, dtype=x.dtype) + 0.5) / steps
        path = (start + alphas[:, None] * (row - start)).requires_grad_()
        (gradients,) = torch.autograd.grad(model(path).sum(), path)
        rows.append((row - start) * gradients.mean(dim=0))
    return torch.stack(rows)
