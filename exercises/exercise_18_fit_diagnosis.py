"""Exercise 18: is it learning, or learning by heart? (torch).

"Training loss 0.05, validation loss 0.61. What do you do?" Everybody says overfitting. So the
interviewer asks the question before it: "How did you get those two numbers?" If dropout was
still on while they were measured, the training loss is too high, the gap is too small, and
the diagnosis is about the measurement.

Expect the follow-up: "Your evaluation runs after every epoch, in the middle of training. What
is different about the model when it is over?" The right answer is: nothing at all, not even
for the BatchNorm layers that somebody had frozen on purpose.
"""

import torch
from torch import nn


def train_val_losses(
    model: nn.Module,
    X_train: torch.Tensor,
    y_train: torch.Tensor,
    X_val: torch.Tensor,
    y_val: torch.Tensor,
    criterion: nn.Module,
) -> tuple[float, float]:
    """Return the model's loss on the training data and on the validation data.

    Both are measured in evaluation mode and without gradient, each on all of its rows at
    once. Afterwards every submodule is in the mode that it was in before, also if some were in
    train mode and others were not; parameters and buffers are what they were.

    Args:
        model: Gives logits `(N, 1)`; float32 or float64, as are the tensors.
        X_train: `(N, D)`. One row is enough.
        y_train: Labels `(N,)`, floats.
        X_val: `(M, D)`. One row is enough.
        y_val: Labels `(M,)`, floats.
        criterion: Called with predictions first; makes a scalar of two tensors of the same
            shape, for example `nn.BCEWithLogitsLoss()`.
    Returns:
        Training loss and validation loss, two floats.
    Example:
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout(0.5))
        >>> _ = torch.nn.init.ones_(model[0].weight), torch.nn.init.zeros_(model[0].bias)
        >>> X, y = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([3.0, 0.0])
        >>> losses = train_val_losses(model, X, y, X[:1], y[1:], torch.nn.MSELoss())
        >>> [round(float(loss), 4) for loss in losses], model.training
        ([0.5, 9.0], True)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_18: `train_val_losses` is still a stub")


def diagnose_fit(
    train_loss: float,
    val_loss: float,
    underfit_threshold: float = 0.5,
    gap_threshold: float = 0.1,
) -> str:
    """Name what two losses say about a model.

    Returns:
        `"DIVERGED"` where a loss is not finite. Otherwise `"UNDERFIT"` where the training
        loss exceeds `underfit_threshold`; else `"OVERFIT"` where validation minus training
        exceeds `gap_threshold`; else `"HEALTHY"`. A value equal to its threshold does not
        exceed it.
    Example:
        >>> bool(diagnose_fit(0.25, 0.75) == "OVERFIT")
        True
        >>> bool(diagnose_fit(0.25, 0.75, gap_threshold=0.5) == "HEALTHY")
        True
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_18: `diagnose_fit` is still a stub")


def check_train_val_gap(
    model: nn.Module,
    X_train: torch.Tensor,
    y_train: torch.Tensor,
    X_val: torch.Tensor,
    y_val: torch.Tensor,
    criterion: nn.Module,
) -> dict[str, str | float]:
    """Measure a model as `train_val_losses` does, and judge it by the default thresholds.

    Returns:
        A dict with `"status"` (one of the four words of `diagnose_fit`), `"train_loss"`,
        `"val_loss"` and `"gap"`, which is validation minus training.
    Example:
        >>> model = torch.nn.Linear(1, 1)
        >>> _ = torch.nn.init.ones_(model.weight), torch.nn.init.zeros_(model.bias)
        >>> X, y = torch.tensor([[1.0], [2.0]]), torch.tensor([1.5, 2.5])
        >>> result = check_train_val_gap(model, X, y, X, y + 0.5, torch.nn.MSELoss())
        >>> bool(result["status"] == "OVERFIT"), round(float(result["gap"]), 4)
        (True, 0.75)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_18: `check_train_val_gap` is still a stub")
