# right: Adam on log T; midpoints with backward(); columns (N, 1) for the criterion

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
        logits = model(X_val)
    for module, mode in modes:
        module.training = mode
    log_t = torch.zeros(1, dtype=logits.dtype, requires_grad=True)
    optimizer = torch.optim.Adam([log_t], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        criterion(logits / log_t.exp(), y_val.view(-1, 1)).backward()
        if log_t.grad.abs() < 1e-6:
            break
        optimizer.step()
    return float(log_t.exp().detach())


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    probs, labels = np.asarray(probs, dtype=float), np.asarray(labels, dtype=float)
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, probs, side="right") - 1, 0, n_bins - 1)
    return sum(
        (bins == i).mean() * abs(probs[bins == i].mean() - labels[bins == i].mean())
        for i in set(bins)
    )


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    from sklearn.metrics import precision_recall_curve

    _, recall, thresholds = precision_recall_curve(np.asarray(y_true), np.asarray(y_prob))
    return thresholds[np.nonzero(recall[:-1] >= min_sensitivity)[0][-1]]


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    total = torch.zeros_like(x)
    for k in range(steps):
        point = (baseline + (k + 0.5) / steps * (x - baseline)).clone().requires_grad_(True)
        model(point).sum().backward()
        total = total + point.grad
    return (x - baseline) * total / steps
