# right: scipy's bounded search over log T on a copy of the model; a Gauss-Legendre path

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
    import copy

    from scipy.optimize import minimize_scalar

    with torch.no_grad():
        logits = copy.deepcopy(model).eval()(X_val)[:, 0]
    found = minimize_scalar(
        lambda u: criterion(logits / math.exp(u), y_val).item(),
        bounds=(math.log(0.02), math.log(100)), method="bounded", options={"xatol": 1e-5},
    )
    return np.exp(found.x)


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    from scipy.stats import binned_statistic

    probs, labels = np.asarray(probs, dtype=float), np.asarray(labels, dtype=float)
    gaps, _, _ = binned_statistic(probs, probs - labels, "sum", bins=n_bins, range=(0, 1))
    return np.abs(gaps).sum() / probs.size


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
    positives = y_prob[y_true == 1]
    return max(t for t in y_prob if (positives >= t).mean() >= min_sensitivity)


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    nodes, weights = np.polynomial.legendre.leggauss(min(steps, 64))
    result = torch.zeros_like(x)
    for node, weight in zip(nodes, weights):
        point = torch.lerp(baseline.expand_as(x), x, float(node + 1) / 2).requires_grad_()
        (gradient,) = torch.autograd.grad(model(point)[:, 0].sum(), point)
        result += float(weight) / 2 * gradient
    return result * (x - baseline)
