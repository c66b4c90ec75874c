# wrong: expected_calibration_error: splits a single bin in two

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
    """Brent's method on the loss as a function of log T."""
    # model.train() would also switch on a BatchNorm that somebody froze: note every module's mode.
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X_val).flatten()  # (N, 1) -> (N,); squeeze() would drop N = 1 as well
    for module, mode in modes:
        module.training = mode

    def loss(log_t: float) -> float:
        with torch.no_grad():
            return float(criterion(logits / math.exp(log_t), y_val))

    # In log T a step is a percentage, and T cannot become negative. The network has run once: a
    # few dozen divisions of its logits cost nothing.
    return math.exp(minimize_scalar(loss).x)


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    """Weighted mean over bins of |mean probability - mean label|."""
    n_bins = max(n_bins, 2)
    probs, labels = np.asarray(probs), np.asarray(labels)  # (N,) each
    # A histogram's bins are closed on the left, and the last one on both sides, as ours are.
    edges = np.arange(n_bins + 1) / n_bins  # (n_bins + 1,)
    # n_b/N * |sum_p/n_b - sum_y/n_b| = |sum_p - sum_y| / N: the weights cancel, and an empty
    # bin adds 0 without a division by zero.
    gaps, _ = np.histogram(probs, bins=edges, weights=probs - labels)  # (n_bins,)
    return float(np.abs(gaps).sum() / len(probs))


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    """The score of the last positive that is still needed."""
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
    positives = np.sort(y_prob[y_true == 1])[::-1]  # the negatives have no say in sensitivity
    found = (np.arange(len(positives)) + 1) / len(positives)  # sensitivity at each of them
    # argmax finds the first that reaches it. Dividing counts, as the definition does, is safer
    # than ceil(min_sensitivity * count), where 0.28 * 25 is 7.000000000000001.
    return float(positives[np.argmax(found >= min_sensitivity)])


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    """Mean gradient at the midpoints of the path, times the way."""
    way = (x - baseline).detach()  # (N, D), a one-row baseline broadcasts
    # Midpoints: the error falls with steps squared, at the ends of intervals only with steps.
    shares = (torch.arange(steps).to(x) + 0.5) / steps  # (steps,), in the type of x
    path = (baseline + shares[:, None, None] * way).detach()  # (steps, N, D)
    # All points in one batch: a large model would want them in several.
    points = path.reshape(-1, x.shape[1]).requires_grad_()  # (steps * N, D)
    # Rows don't influence each other, so the gradient of the sum holds every row's own.
    # autograd.grad leaves the parameters' .grad fields alone; backward would fill them.
    (gradients,) = torch.autograd.grad(model(points).sum(), points)
    return way * gradients.view_as(path).mean(dim=0)
