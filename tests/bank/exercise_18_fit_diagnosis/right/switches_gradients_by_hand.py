# right: switches the grad mode by hand and back, goes module by module, one class for the result

import math

import torch


class Fit(dict):
    def __init__(self, train_loss, val_loss):
        super().__init__(status=diagnose_fit(train_loss, val_loss))
        self["train_loss"], self["val_loss"] = train_loss, val_loss
        self["gap"] = val_loss - train_loss


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    awake = [module for module in model.modules() if module.training]
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    for module in awake:
        module.training = False
    losses = []
    for X, y in [(X_train, y_train), (X_val, y_val)]:
        losses.append(criterion(torch.squeeze(model(X), dim=-1), y).item())
    for module in awake:
        module.training = True
    torch.set_grad_enabled(before)
    return tuple(losses)


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    match (train_loss, val_loss):
        case (t, v) if not (abs(t) < math.inf and abs(v) < math.inf):
            return "DIVERGED"
        case (t, _) if t > underfit_threshold:
            return "UNDERFIT"
        case (t, v) if v - t > gap_threshold:
            return "OVERFIT"
    return "HEALTHY"


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    return Fit(*train_val_losses(model, X_train, y_train, X_val, y_val, criterion))
