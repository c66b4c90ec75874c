# right: row by row in a generator, modes as a list, an Enum of words

from enum import StrEnum

import torch


class Fit(StrEnum):
    DIVERGED = "DIVERGED"
    UNDERFIT = "UNDERFIT"
    OVERFIT = "OVERFIT"
    HEALTHY = "HEALTHY"


def _measure(model, criterion, *pairs):
    modules = list(model.modules())
    modes = [module.training for module in modules]
    try:
        model.eval()
        for X, y in pairs:
            with torch.no_grad():
                rows = torch.cat([model(row[None]) for row in X.unbind()])
                yield float(criterion(rows.view_as(y), y))
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    return tuple(_measure(model, criterion, (X_train, y_train), (X_val, y_val)))


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    finite = float("-inf") < train_loss < float("inf") and float("-inf") < val_loss < float("inf")
    if not finite:
        return Fit.DIVERGED.value
    if train_loss > underfit_threshold:
        return Fit.UNDERFIT.value
    return (Fit.OVERFIT if val_loss - train_loss > gap_threshold else Fit.HEALTHY).value


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    train_loss, val_loss = train_val_losses(model, X_train, y_train, X_val, y_val, criterion)
    report = {"status": diagnose_fit(train_loss, val_loss)}
    for name, value in (("train_loss", train_loss), ("val_loss", val_loss)):
        report[name] = value
    return {**report, "gap": val_loss - train_loss}
