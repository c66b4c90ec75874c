# wrong: diagnose_fit: calls a training loss below zero diverged
import math
import torch
from torch import nn

def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        a = criterion(model(X_train).squeeze(1), y_train).item()
        b = criterion(model(X_val).squeeze(1), y_val).item()
    for module, training in modes:
        module.training = training
    return a, b

def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    if not (math.isfinite(train_loss) and math.isfinite(val_loss)) or train_loss < 0: return "DIVERGED"
    if train_loss > underfit_threshold: return "UNDERFIT"
    if val_loss - train_loss > gap_threshold: return "OVERFIT"
    return "HEALTHY"
def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    t, v = train_val_losses(model, X_train, y_train, X_val, y_val, criterion)
    return {"status": diagnose_fit(t, v), "train_loss": t, "val_loss": v, "gap": v - t}
