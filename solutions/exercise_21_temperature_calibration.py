"""Temperature scaling divides all logits by one number T, fitted on held-out data. Dividing by a
positive constant is monotone, so the ranking, the AUC and the decision at 0.5 stay as they
were; only the confidence changes. T above 1 softens an overconfident network, T below 1 sharpens
a timid one. It has to be fitted on validation data in evaluation mode: on the training set the
network is overconfident and right, so T would come out too small.

How do I fit it? One unknown needs no gradient descent. For cross-entropy the loss is convex in
1/T, so along log T it falls to one minimum and rises again. Brent's method walks downhill until it
has the minimum between two points and closes in on it; it needs neither a learning rate nor a
number of steps. (If the model separates the validation set, there is no best T: the loss falls
towards T = 0 until rounding makes it flat, and the search stops there.) The recipe that is copied
most, LBFGS with lr 0.01 and 50 iterations, does not converge: without a line search each step goes
a hundredth of the way, and it stops near 1.15 where the best T is 2. Always check that the
derivative at the result is zero.

Whether it helped, the expected calibration error says: bin the predictions, and compare in
each bin the mean probability with the share of positives. It is biased and depends on the bins, so
I would show the reliability diagram and the negative log-likelihood next to it.

A threshold is a decision about costs, not part of the model. If nine of ten sick patients must be
found, sort the scores of the positives: the highest threshold is the score of the last one
that I still need, and it belongs on validation data as well, after calibration.

Integrated gradients average the gradient along the straight path from a baseline to the input and
multiply by the difference. A plain gradient at x misses saturated features; the path does not,
and the parts sum to the change of the logit. They explain the model, not the patient, and
they depend on the baseline, which one must be able to defend.
"""

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
