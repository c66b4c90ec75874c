# right: measures a deep copy of the model and never touches the original

import copy

import numpy as np
import torch
from torch import nn


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    twin = copy.deepcopy(model).eval().requires_grad_(False)
    return [float(criterion(twin(X).flatten(), y)) for X, y in ((X_train, y_train), (X_val, y_val))]


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1):
    if not np.all(np.isfinite([train_loss, val_loss])):
        return "DIVERGED"
    conditions = [train_loss > underfit_threshold, val_loss - train_loss > gap_threshold]
    return str(np.select(conditions, ["UNDERFIT", "OVERFIT"], default="HEALTHY"))


def check_train_val_gap(model: nn.Module, X_train, y_train, X_val, y_val, criterion):
    losses = np.array(train_val_losses(model, X_train, y_train, X_val, y_val, criterion))
    assert torch.is_grad_enabled()
    return {
        "train_loss": losses[0],
        "val_loss": losses[1],
        "gap": np.diff(losses)[0],
        "status": diagnose_fit(*losses),
        "n_train": len(X_train),
    }
