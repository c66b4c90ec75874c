
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
    low: float = 0.03,
    high: float = 60.0,
) -> float:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X_val).squeeze(-1)
    for module, mode in modes:
        module.training = mode
    logits, y_val = logits.double(), y_val.double()
    with torch.no_grad():
        for _ in range(3):
            grid = np.geomspace(low, high, 300)
            losses = [criterion(logits / t, y_val).item() for t in grid]
            best = int(np.argmin(losses))
            low, high = grid[max(best - 1, 0)], grid[min(best + 1, 299)]
    return float(np.sqrt(low * high))


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    probs, labels = np.asarray(probs, dtype=np.float32), np.asarray(labels, dtype=np.float32)
    error = np.float64(0)
    for i in range(n_bins):
        upper = probs <= 1 if i == n_bins - 1 else probs < (i + 1) / n_bins
        inside = upper & (probs >= i / n_bins)
        if not inside.any():
            continue
        error += inside.sum() / len(probs) * np.abs(probs[inside].mean() - labels[inside].mean())
    return error


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    from sklearn.metrics import roc_curve

    _, tpr, thresholds = roc_curve(
        np.asarray(y_true), np.asarray(y_prob), drop_intermediate=False
    )
    return float(thresholds[np.argmax(tpr >= min_sensitivity)])


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200, chunk: int = 32
) -> torch.Tensor:
    was = [(module, module.training) for module in model.modules()]
    model.eval()
    alphas = ((torch.arange(steps) + 0.5) / steps).to(x.dtype)
    total = torch.zeros_like(x)
    for part in alphas.split(chunk):
        path = baseline + part.view(-1, 1, 1) * (x - baseline)
        flat = path.flatten(0, 1).requires_grad_()
        grads = torch.autograd.grad(model(flat), flat, torch.ones(len(flat), 1, dtype=x.dtype))[0]
        total += grads.view_as(path).sum(dim=0)
    for module, training in was:
        module.training = training
    return (x - baseline) * total / steps
