"""Exercise 21: temperature, calibration and a threshold (torch).

Your classifier ranks patients well, but when it says 99 % it is right four times in five.
The interviewer asks for the cheapest repair that leaves the ranking alone: one number that
divides all logits. Then come the follow-ups. How do you measure that it helped? Which
threshold keeps nine of ten sick patients in? And which of the inputs made this patient
"sick"? The trap is the first step: an optimiser that stops early returns a temperature
that looks perfectly reasonable, and is not the minimum.

Models are float32 or float64, and their tensors have the same type. No function changes its
arguments.
"""

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
    """Find the temperature T > 0 that minimises `criterion(logits / T, y_val)`.

    Args:
        model: A binary classifier that gives logits (N, 1). The logits that count are those
            of evaluation mode, whatever mode the model is in.
        X_val: Validation inputs (N, D).
        y_val: Their labels, float (N,).
        criterion: Any loss of logits and labels that returns a scalar: BCEWithLogitsLoss,
            with a pos_weight or without, a focal loss, a sum instead of a mean.
    Returns:
        T, within 2 % of the best one, wherever that lies between 0.1 and 20. Parameters, buffers
        and the mode of every submodule are afterwards what they were before.
    Example:
        >>> model = nn.Linear(1, 1)
        >>> _ = nn.init.ones_(model.weight), nn.init.zeros_(model.bias)
        >>> X, y = torch.full((4, 1), 2.19722), torch.tensor([1.0, 1.0, 1.0, 0.0])
        >>> T = calibrate_temperature(model, X, y, nn.BCEWithLogitsLoss())
        >>> bool(1.96 < T < 2.04)
        True

    Source: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_21: `calibrate_temperature` is still a stub")


def expected_calibration_error(probs: Any, labels: Any, n_bins: int = 10) -> float:
    """Measure how far predicted probabilities lie from what then happens.

    Args:
        probs: Probabilities of class 1, (N,); a tensor or array-like.
        labels: What happened, 0 or 1, (N,); a tensor or array-like.
        n_bins: Bins of equal width over [0, 1]. Bin i holds i/n_bins <= p < (i + 1)/n_bins;
            the last one holds 1 as well.
    Returns:
        The mean over bins of |mean probability - mean label|, each bin weighted by its share
        of the samples.
    Example:
        >>> round(float(expected_calibration_error([0.9, 0.9, 0.2], [1, 0, 0])), 4)
        0.3333

    Source: Naeini, Cooper and Hauskrecht, Obtaining Well Calibrated Probabilities Using
    Bayesian Binning, 2015 (there for binary classifiers, as here).
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_21: `expected_calibration_error` is still a stub")


def choose_threshold(y_true: Any, y_prob: Any, min_sensitivity: float) -> float:
    """Choose the highest threshold that still finds enough of the positives.

    Args:
        y_true: Labels 0 or 1, (N,), at least one of them 1; a tensor or array-like.
        y_prob: Predicted probabilities of class 1, (N,), in any order; likewise.
        min_sensitivity: The share of positives that must be found, in (0, 1].
    Returns:
        The highest t such that predicting class 1 where `y_prob >= t` reaches a sensitivity
        of at least `min_sensitivity`.
    Example:
        >>> float(choose_threshold([1, 0, 1, 1, 1], [0.875, 0.75, 0.5, 0.25, 0.125], 0.5))
        0.5
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_21: `choose_threshold` is still a stub")


def integrated_gradients(
    model: nn.Module, x: torch.Tensor, baseline: torch.Tensor, steps: int = 200
) -> torch.Tensor:
    """Share out the logit's change from `baseline` to `x` among the features.

    Args:
        model: Gives one logit a row, (N, 1).
        x: Inputs (N, D).
        baseline: Where the straight path to `x` begins: shaped like `x`, or one row of it that
            serves all rows.
        steps: How finely the path is cut.
    Returns:
        Attributions shaped like `x`, in its dtype. For a smooth model each row sums to
        `model(x) - model(baseline)`, within 1 % of the row's summed absolute attributions.
        Neither the model nor the tensors change.
    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = model.weight.data.copy_(torch.tensor([[3.0, -1.0]]))
        >>> parts = integrated_gradients(model, torch.tensor([[2.0, 5.0]]), torch.zeros(2))
        >>> [round(part, 3) for part in parts[0].tolist()]
        [6.0, -5.0]

    Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, 2017, eq. 1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_21: `integrated_gradients` is still a stub")
