# wrong: expected_calibration_error: clips the caller's probabilities away from 0 and 1

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
    """Scan log T, then golden section around the best grid point."""
    # model.train() would also switch on a BatchNorm that somebody froze: note every module's mode.
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X_val).squeeze(-1)  # (N,): the last axis only, N may be 1
    for module, mode in modes:
        module.training = mode

    def loss(log_t: float) -> float:
        with torch.no_grad():
            return float(criterion(logits / math.exp(log_t), y_val))

    # In log T a step is a percentage, and T cannot become negative. The scan is for losses that
    # are not convex; the network runs once, so a hundred evaluations cost nothing.
    step = 0.15
    middle = min((step * i for i in range(-30, 32)), key=loss)  # T from 0.011 to 105
    low, high = middle - step, middle + step
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    """Weighted mean over bins of |mean probability - mean label|."""
    probs = np.asarray(probs, dtype=np.float64)  # (N,)
    labels = np.asarray(labels, dtype=np.float64)  # (N,)
    np.clip(probs, 1e-7, 1 - 1e-7, out=probs)
    # p = 1 would open a bin of its own: it belongs to the last one.
    bins = np.minimum((probs * n_bins).astype(int), n_bins - 1)  # (N,)
    # n_b/N * |sum_p/n_b - sum_y/n_b| = |sum_p - sum_y| / N: the weights cancel, and an empty
    # bin adds 0 without a division by zero.
    gaps = np.bincount(bins, weights=probs - labels, minlength=n_bins)  # (n_bins,)
    return float(np.abs(gaps).sum() / len(probs))


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    """The score of the last positive that is still needed."""
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
    positives = np.sort(y_prob[y_true == 1])[::-1]  # the negatives have no say in sensitivity
    found = np.arange(1, len(positives) + 1) / len(positives)  # sensitivity at each of them
    # argmax finds the first that reaches it. Dividing counts, as the definition does, is safer
    # than ceil(min_sensitivity * count), where 0.28 * 25 is 7.000000000000001.
    return float(positives[np.argmax(found >= min_sensitivity)])


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    """Mean gradient at the midpoints of the path, times the way."""
    way = (x - baseline).detach()  # (N, D), a one-row baseline broadcasts
    total = torch.zeros_like(way)
    for i in range(steps):
        # Midpoints: the error falls with steps squared, at the ends of intervals only with steps.
        point = (baseline + (i + 0.5) / steps * way).detach().requires_grad_()
        # Rows don't influence each other, so the gradient of the sum holds every row's own.
        # autograd.grad leaves the parameters' .grad fields alone; backward would fill them.
        (gradient,) = torch.autograd.grad(model(point).sum(), point)
        total += gradient
    return way * total / steps
