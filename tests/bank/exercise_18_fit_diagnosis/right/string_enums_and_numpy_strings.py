# right: members of a str Enum and NumPy strings for the four words
import enum

import numpy as np
import torch


class Fit(str, enum.Enum):
    DIVERGED = "DIVERGED"
    UNDERFIT = "UNDERFIT"
    OVERFIT = "OVERFIT"
    HEALTHY = "HEALTHY"


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    in_training = [module for module in model.modules() if module.training]
    model.eval()
    with torch.no_grad():
        losses = [
            np.float64(criterion(model(X).view(-1), y).item())
            for X, y in ((X_train, y_train), (X_val, y_val))
        ]
    for module in in_training:
        module.training = True
    return losses[0], losses[1]


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    if not np.isfinite([train_loss, val_loss]).all():
        return Fit.DIVERGED
    if train_loss > underfit_threshold:
        return Fit.UNDERFIT
    return Fit.OVERFIT if val_loss - train_loss > gap_threshold else Fit.HEALTHY


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    train_loss, val_loss = train_val_losses(model, X_train, y_train, X_val, y_val, criterion)
    return {
        "status": np.array([diagnose_fit(train_loss, val_loss).value])[0],
        "train_loss": train_loss,
        "val_loss": val_loss,
        "gap": np.subtract(val_loss, train_loss),
    }
