# right: LBFGS on log T with a strong Wolfe line search; everything in torch

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
    log_t = torch.zeros((), dtype=logits.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_t], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = criterion(logits / log_t.exp(), y_val)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_t.exp().item()


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    probs = torch.as_tensor(probs, dtype=torch.float64)
    labels = torch.as_tensor(labels, dtype=torch.float64)
    bins = (probs * n_bins).long().clamp(max=n_bins - 1)
    count = torch.zeros(n_bins, dtype=torch.float64).index_add_(0, bins, torch.ones_like(probs))
    sum_p = torch.zeros(n_bins, dtype=torch.float64).index_add_(0, bins, probs)
    sum_y = torch.zeros(n_bins, dtype=torch.float64).index_add_(0, bins, labels)
    mean_p, mean_y = sum_p / count.clamp(min=1), sum_y / count.clamp(min=1)
    return ((mean_p - mean_y).abs() * count).sum().item() / len(probs)


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    y_true, y_prob = torch.as_tensor(y_true), torch.as_tensor(y_prob)
    positives = y_prob[y_true == 1].sort(descending=True).values
    sensitivity = (y_prob[y_true == 1][None, :] >= positives[:, None]).double().mean(dim=1)
    return positives[sensitivity >= min_sensitivity].max().item()


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    x, baseline = x.detach(), baseline.detach().expand_as(x)
    alphas = torch.linspace(0, 1, steps + 1, dtype=x.dtype)[:, None, None]
    path = (baseline + alphas * (x - baseline)).requires_grad_()
    logits = model(path.reshape(-1, x.shape[1]))
    gradients = torch.autograd.grad(logits.sum(), path)[0]
    return (x - baseline) * (gradients[:-1] + gradients[1:]).mean(dim=0) / 2
