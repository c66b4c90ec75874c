# wrong: calibrate_temperature: sets the rate of every dropout to zero and leaves it there

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import nn


def calibrate_temperature(
    model: nn.Module,
    X_val: torch.Tensor,
    y_val: torch.Tensor,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> float:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    with torch.no_grad():
        logits = model(X_val).flatten()
    for module, mode in modes:
        module.training = mode

    def loss(log_t: float) -> float:
        with torch.no_grad():
            return float(criterion(logits / math.exp(log_t), y_val))

    return math.exp(minimize_scalar(loss).x)


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    probs, labels = np.asarray(probs), np.asarray(labels)
    edges = np.arange(n_bins + 1) / n_bins
    gaps, _ = np.histogram(probs, bins=edges, weights=probs - labels)
    return float(np.abs(gaps).sum() / len(probs))


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
    positives = np.sort(y_prob[y_true == 1])[::-1]
    found = (np.arange(len(positives)) + 1) / len(positives)
    return float(positives[np.argmax(found >= min_sensitivity)])


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    way = (x - baseline).detach()
    shares = (torch.arange(steps).to(x) + 0.5) / steps
    path = (baseline + shares[:, None, None] * way).detach()
    points = path.reshape(-1, x.shape[1]).requires_grad_()
    (gradients,) = torch.autograd.grad(model(points).sum(), points)
    return way * gradients.view_as(path).mean(dim=0)
