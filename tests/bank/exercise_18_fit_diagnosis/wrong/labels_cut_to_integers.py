# wrong: train_val_losses: cuts labels to integers

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
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            train_loss = criterion(model(X_train).squeeze(1), y_train.long().to(X_train.dtype)).item()
            val_loss = criterion(model(X_val).squeeze(1), y_val.long().to(X_val.dtype)).item()
    finally:
        for module, training in modes:
            module.training = training
    return train_loss, val_loss


def diagnose_fit(
    train_loss: float,
    val_loss: float,
    underfit_threshold: float = 0.5,
    gap_threshold: float = 0.1,
) -> str:
    if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
        return "DIVERGED"
    if train_loss > underfit_threshold:
        return "UNDERFIT"
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
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        train_loss = criterion(model(X_train)[:, 0], y_train).item()
        val_loss = criterion(model(X_val)[:, 0], y_val).item()
    for module, mode in modes.items():
        module.training = mode
    return {
        "status": diagnose_fit(train_loss, val_loss),
        "train_loss": train_loss,
        "val_loss": val_loss,
        "gap": val_loss - train_loss,
    }
