# right: a context manager around the measurement, inference mode, labels reshaped to (N, 1)

from contextlib import contextmanager

import torch


@contextmanager
def evaluating(model):
    training = {name for name, module in model.named_modules() if module.training}
    model.eval()
    try:
        with torch.inference_mode():
            yield model
    finally:
        for name, module in model.named_modules():
            module.training = name in training


def train_val_losses(model, X_train, y_train, X_val, y_val, criterion):
    with evaluating(model):
        train_loss = criterion(model(X_train), y_train.unsqueeze(1))
        val_loss = criterion(model(X_val), y_val.unsqueeze(1))
        return train_loss.item(), val_loss.item()


def diagnose_fit(train_loss, val_loss, underfit_threshold=0.5, gap_threshold=0.1, digits=None):
    infinite = float("inf")
    for loss in (train_loss, val_loss):
        if loss != loss or loss in (infinite, -infinite):
            return "DIVERGED"
    if train_loss <= underfit_threshold:
        return "HEALTHY" if val_loss - train_loss <= gap_threshold else "OVERFIT"
    return "UNDERFIT"


def check_train_val_gap(model, X_train, y_train, X_val, y_val, criterion):
    train_loss, val_loss = train_val_losses(model, X_train, y_train, X_val, y_val, criterion)
    status = diagnose_fit(train_loss, val_loss)
    return dict(status=status, train_loss=train_loss, val_loss=val_loss, gap=val_loss - train_loss)
