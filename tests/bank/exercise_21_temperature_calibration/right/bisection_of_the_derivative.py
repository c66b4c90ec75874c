# right: bisection of the derivative in log T; Simpson's rule with vmap

import math
from collections.abc import Callable
from typing import Any

import numpy as np
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
    def slope(u):
        u = torch.tensor(u, dtype=logits.dtype, requires_grad=True)
        return torch.autograd.grad(criterion(logits * torch.exp(-u), y_val), u)[0].item()

    low, high = math.log(0.02), math.log(100.0)
    for _ in range(40):
        middle = (low + high) / 2
        if slope(middle) < 0:
            low = middle
        else:
            high = middle
    return math.exp(middle)


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    p = np.array(probs, dtype=np.float64, copy=True)
    y = np.array(labels, dtype=np.float64, copy=True)
    one_hot = np.eye(n_bins)[np.where(p == 1, n_bins - 1, np.floor(p * n_bins)).astype(int)]
    counts = one_hot.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.abs(p @ one_hot / counts - y @ one_hot / counts)
    return float(np.nansum(gaps * counts / counts.sum()))


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    positives = np.sort(np.asarray(y_prob)[np.asarray(y_true) > 0.5])
    allowed = math.floor((1 - min_sensitivity) * len(positives) + 1e-9)
    return positives[allowed].item()


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    from torch.func import grad, vmap

    def logit(row):
        return model(row[None]).squeeze()

    rows = vmap(grad(logit))
    baseline = baseline.expand_as(x)
    # Simpson's rule: an odd number of points, weights 1 4 2 ... 4 1
    alphas = np.linspace(0, 1, 2 * (steps // 2) + 1)
    weights = np.where(np.arange(len(alphas)) % 2, 4.0, 2.0)
    weights[[0, -1]] = 1.0
    gradients = [
        weight / weights.sum() * rows(baseline + float(a) * (x - baseline))
        for a, weight in zip(alphas, weights)
    ]
    return ((x - baseline) * sum(gradients).to(x.dtype)).detach()
