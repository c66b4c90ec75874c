# wrong: check_train_val_gap: a diverged model gets a status and no numbers
import math

import torch


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            train_loss = criterion(model(X_train).squeeze(-1), y_train).item()
            val_loss = criterion(model(X_val).squeeze(-1), y_val).item()
    finally:
        for m, mode in modes:
            m.training = mode
    return train_loss, val_loss


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
        return "DIVERGED"
    if train_loss > underfit_threshold:
        return "UNDERFIT"
    if val_loss - train_loss > gap_threshold:
        return "OVERFIT"
    return "HEALTHY"


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        a = float(criterion(model(X_train).squeeze(-1), y_train))
        b = float(criterion(model(X_val).squeeze(-1), y_val))
    for m, mode in modes:
        m.training = mode
    if not (math.isfinite(a) and math.isfinite(b)):
        return {"status": "DIVERGED"}
    if a > 0.5:
        status = "UNDERFIT"
    else:
        status = "OVERFIT" if b - a > 0.1 else "HEALTHY"
    return {"status": status, "train_loss": a, "val_loss": b, "gap": b - a}
