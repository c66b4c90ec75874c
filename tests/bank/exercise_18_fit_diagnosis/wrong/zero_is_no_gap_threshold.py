# wrong: diagnose_fit: takes a gap threshold of 0 for none given
import math

import torch
from torch import Tensor, nn


def train_val_losses(
    model: nn.Module,
    X_train: Tensor,
    y_train: Tensor,
    X_val: Tensor,
    y_val: Tensor,
    criterion: nn.Module,
) -> tuple[float, float]:
    """Both losses in evaluation mode, and the model as it was before."""
    # One flag a submodule: a BatchNorm that was frozen on purpose must stay frozen.
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            # squeeze(1) and not squeeze(): a single row keeps its batch axis. Left at
            # (N, 1), the logits would broadcast against (N,) labels to (N, N).
            train_loss = criterion(model(X_train).squeeze(1), y_train).item()
            val_loss = criterion(model(X_val).squeeze(1), y_val).item()
    finally:
        for module, training in modes:
            # The attribute and not module.train(training), which also sets all children.
            module.training = training
    return train_loss, val_loss


def diagnose_fit(
    train_loss: float,
    val_loss: float,
    underfit_threshold: float = 0.5,
    gap_threshold: float = 0.1,
) -> str:
    """One word for two losses."""
    # First, as NaN compares false with everything and would end up healthy.
    if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
        return "DIVERGED"
    if train_loss > underfit_threshold:
        return "UNDERFIT"
    # Signed: a validation loss below the training loss is no sign of overfitting.
    gap_threshold = gap_threshold or 0.1
    if val_loss - train_loss > gap_threshold:
        return "OVERFIT"
    return "HEALTHY"


def check_train_val_gap(
    model: nn.Module,
    X_train: Tensor,
    y_train: Tensor,
    X_val: Tensor,
    y_val: Tensor,
    criterion: nn.Module,
) -> dict[str, str | float]:
    """Both losses, their gap, and what it means."""
    train_loss, val_loss = train_val_losses(model, X_train, y_train, X_val, y_val, criterion)
    return {
        "status": diagnose_fit(train_loss, val_loss),
        "train_loss": train_loss,
        "val_loss": val_loss,
        "gap": val_loss - train_loss,
    }
